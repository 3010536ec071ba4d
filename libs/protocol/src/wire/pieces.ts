/** Hashes of piece sums, and how many holders have to sign the same one (docs/protocol.md, "Answering"). */
import { type Bytes } from '@secagg/schema';
import { domainHash } from '@secagg/crypto';
import { type VerifiedRound } from '../round/verified-round';

export const pieceKey = (group: number, piece: number): string => `${group}:${piece}`;

export const pieceHash = (
  round: VerifiedRound,
  decisionHash: Bytes,
  group: number,
  piece: number,
  words: Bytes,
): Bytes => domainHash('piece-sum', round.configHash, decisionHash, group, piece, words);
