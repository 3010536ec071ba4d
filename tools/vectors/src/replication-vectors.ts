import { assignPieces, boxPlaintext, commitmentList, drawSeeds, pieces, piecesHeldBy, quorum, tolerance, usableThreshold } from '@secagg/crypto';
import { type MemberIndex, SecaggError, type SubsetMask } from '@secagg/schema';
import { hex, unsafeBytes } from './unsafe-bytes';

const members = (m: number) => Array.from({ length: m }, (_, j) => j as MemberIndex);

export function committeeVectors() {
  const shapes: [m: number, t: number][] = [[1, 1], [3, 1], [3, 2], [4, 2], [5, 3], [7, 3], [10, 4]];
  return {
    about:
      'pieces: the subsets of t-1 members as bit masks in increasing order; held: per member, the pieces it is not in; assignments: with the ' +
      'members of `live` (a bit mask), the member for each piece, or null when a piece has no live holder',
    cases: shapes.map(([m, t]) => {
      const all = pieces(m, t);
      const { absent, lying, colluding } = tolerance(m, t);
      const everybody = 2 ** m - 1;
      return {
        m, t, quorum: quorum(m, t), usable_threshold: usableThreshold(m, t), absent, lying, colluding, pieces: all,
        held: members(m).map((j) => piecesHeldBy(j, all)),
        assignments: [everybody, everybody & ~1, everybody & ~(2 ** absent - 1), everybody >>> 1, everybody & ~(2 ** (m - t + 1) - 1)].map((live) => ({
          live,
          members: assignment(all, live as SubsetMask),
        })),
      };
    }),
    refused: [[0, 1], [2, 2], [4, 3], [11, 5], [30, 3], [31, 1]].map(([m, t]) => ({ m, t })),
  };
}

function assignment(all: readonly SubsetMask[], live: SubsetMask): number[] | null {
  try {
    return [...assignPieces(all, live).values()];
  } catch (error) {
    if (error instanceof SecaggError && error.code === 'committee_unavailable') return null;
    throw error;
  }
}

export function commitmentVectors() {
  const shapes: [m: number, t: number, routerId: string][] = [[1, 1, 'router-1'], [4, 2, 'router-1'], [5, 3, 'site.b_2']];
  return {
    about:
      'c_S = domainHash("pad/commitment", config_hash, router, S, k_S), S as a number; the list is c_S in increasing order of S; the plaintext of ' +
      'box j is k_S for all S without j in increasing order of S',
    cases: shapes.map(([m, t, routerId]) => {
      const all = pieces(m, t);
      const configHash = unsafeBytes(`commitments/config/${m}`, 32);
      const seeds = drawSeeds(all, (length) => unsafeBytes(`commitments/seeds/${m}`, length));
      return {
        m, t, config_hash: hex(configHash), router: routerId,
        seeds: all.map((piece) => ({ piece, seed: hex(seeds.get(piece) as Uint8Array) })),
        commitments: hex(commitmentList({ pieces: all, configHash, routerId }, seeds)),
        box_plaintexts: members(m).map((j) => hex(boxPlaintext(all, j, seeds))),
      };
    }),
  };
}
