/** Largest bodies of members that can be valid in a round, in bytes: what is longer is refused unread. */
import { type RoundState, type VerifiedRound } from '@secagg/protocol';
import { packedLength } from '@secagg/crypto';
import { answerBodyMessage, transferMessage } from '@secagg/schema';

/** Framing of a message as a whole, and of one piece with its hash. */
const ENVELOPE_BYTES = 4096;
const ENTRY_BYTES = 128;
/** Encapsulation, tag, router id and framing of one sealed box. */
const BOX_OVERHEAD_BYTES = 2048;

/** Every piece of every group with its hash and its words. */
export function largestAnswer({ cipher, epoch, config }: Pick<VerifiedRound, 'cipher' | 'epoch' | 'config'>): number {
  const { keyDimension, keyBits } = cipher();
  const pieceBytes = packedLength(keyDimension, keyBits);
  const entries = config.groups * epoch.pieces.length;
  return Math.min(answerBodyMessage.maxBytes, ENVELOPE_BYTES + entries * (pieceBytes + ENTRY_BYTES));
}

/** A box with all seeds for every contribution. */
export function largestTransfer({ accepted, verified: round }: Pick<RoundState, 'accepted' | 'verified'>): number {
  const box = BOX_OVERHEAD_BYTES + 32 * round.epoch.pieces.length;
  return Math.min(transferMessage.maxBytes, ENVELOPE_BYTES + accepted.size * box);
}
