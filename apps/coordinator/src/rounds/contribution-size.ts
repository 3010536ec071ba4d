import { type VerifiedRound } from '@secagg/protocol';

/** No body is larger, whatever the round (`contributionMessage`). */
export const HARD_CAP_BYTES = 17 * 1024 * 1024;
/** The signed header and the framing of the parts: 32 members add 34 bytes each to the header. */
const HEADER_BYTES = 6144;
/** Encapsulation (X-Wing has the longest), authentication tag and framing of one box. */
const BOX_OVERHEAD_BYTES = 2048;

/** Largest contribution that can be valid in a round, in bytes: what is longer is refused unread. */
export function largestContribution({ cipher, epoch }: Pick<VerifiedRound, 'cipher' | 'epoch'>): number {
  const pieces = 32 * epoch.pieces.length;
  return Math.min(
    HARD_CAP_BYTES,
    HEADER_BYTES + cipher().ciphertextBytes + pieces + epoch.size * (pieces + BOX_OVERHEAD_BYTES),
  );
}
