/** Hashes of piece sums, and how many holders have to sign the same one (docs/protocol.md, "Answering"). */
import { type Bytes } from '@secagg/schema';
import { domainHash } from '@secagg/crypto';
import { type VerifiedRound } from '../round/verified-round';
import { isOn } from '../checks/check';

export const pieceKey = (group: number, piece: number): string => `${group}:${piece}`;

export const pieceHash = (
  round: VerifiedRound,
  decisionHash: Bytes,
  group: number,
  piece: number,
  words: Bytes,
): Bytes => domainHash('piece-sum', round.configHash, decisionHash, group, piece, words);

/** How many holders have to sign the same hash: at most t-1 of them lie. */
export const agreement = ({ epoch }: Pick<VerifiedRound, 'epoch'>): number =>
  isOn('piece.agreed') ? epoch.threshold : 1;
