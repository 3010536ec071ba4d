import { type MemberIndex, type SubsetMask } from '@secagg/schema';
import { quorum, tolerance, usableThreshold } from './committee';
import { holds, pieces, piecesHeldBy } from './pieces';

const ones = (mask: number) => mask.toString(2).replaceAll('0', '').length;

/** Every shape that the protocol allows, found by trying. */
const shapes: { m: number; t: number; P: number }[] = [];
for (let m = 1; m <= 30; m++) {
  let P = 1;
  for (let t = 1; 2 * t - 1 <= m; t++) {
    if (P <= 256) shapes.push({ m, t, P });
    P = (P * (m - t + 1)) / t;
  }
}

describe('pieces', () => {
  it('are all subsets of t-1 members in increasing order, for every allowed shape', () => {
    expect(shapes.length).toBeGreaterThan(60);
    for (const { m, t, P } of shapes) {
      const masks = pieces(m, t);
      expect(masks).toHaveLength(P);
      expect(masks.every((mask, i) => i === 0 || mask > (masks[i - 1] as number))).toBe(true);
      expect(masks.every((mask) => mask >= 0 && mask < 2 ** m && ones(mask) === t - 1)).toBe(true);
    }
  });

  it('number 4, 21 and 120 for the recommended committees', () => {
    expect([pieces(4, 2), pieces(7, 3), pieces(10, 4)].map((list) => list.length)).toEqual([4, 21, 120]);
    expect(pieces(4, 2)).toEqual([1, 2, 4, 8]);
    expect(pieces(5, 3).slice(0, 4)).toEqual([0b00011, 0b00101, 0b00110, 0b01001]);
    expect(pieces(1, 1)).toEqual([0]);
  });

  it('are missing to t-1 members in exactly one place, and all held by any t', () => {
    for (const { m, t } of [
      { m: 4, t: 2 },
      { m: 7, t: 3 },
      { m: 5, t: 3 },
      { m: 3, t: 1 },
    ]) {
      const all = pieces(m, t);
      for (let group = 0; group < 2 ** m; group++) {
        const members = Array.from({ length: m }, (_, j) => j as MemberIndex).filter((j) => (group >> j) & 1);
        const missing = all.filter((piece) => !members.some((j) => holds(j, piece)));
        if (members.length === t - 1) expect(missing).toEqual([group]);
        if (members.length >= t) expect(missing).toEqual([]);
      }
    }
  });

  it('are held by the members outside them', () => {
    expect(piecesHeldBy(1 as MemberIndex, pieces(4, 2))).toEqual([1, 4, 8]);
    expect(holds(29 as MemberIndex, (2 ** 29) as SubsetMask)).toBe(false);
  });

  it.each([
    [0, 1],
    [31, 1],
    [4, 0],
    [4, 3],
    [2, 2],
    [30, 3],
    [11, 5],
    [4.5, 2],
    [4, 1.5],
  ])('do not exist for m = %p, t = %p', (m, t) => {
    for (const f of [pieces, quorum, usableThreshold, tolerance])
      expect(() => f(m, t)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});

describe('committees', () => {
  it('decide by quorums of which two always share t members', () => {
    for (const { m, t } of shapes) {
      expect(2 * quorum(m, t) - m).toBeGreaterThanOrEqual(t);
      expect(quorum(m, t)).toBeLessThanOrEqual(m);
      // One vote fewer would not do.
      expect(2 * (quorum(m, t) - 1) - m).toBeLessThan(t);
    }
    expect([quorum(4, 2), quorum(7, 3), quorum(10, 4), quorum(1, 1)]).toEqual([3, 5, 7, 1]);
  });

  it('keep every contribution that any set of t-1 liars denies, when m >= 3t-2', () => {
    for (const { m, t } of shapes) {
      if (m >= 3 * t - 2) expect(m - (t - 1)).toBeGreaterThanOrEqual(usableThreshold(m, t));
      expect(usableThreshold(m, t)).toBe(Math.min(m, 2 * t - 1));
    }
  });

  it('finish with exactly as many members silent as they state, by trying every silent set', () => {
    for (const { m, t } of shapes.filter((shape) => shape.m <= 9)) {
      const finishes = (silent: number) => {
        const alive = m - ones(silent);
        const enoughHolders = pieces(m, t).every((piece) => m - ones(piece | silent) >= t);
        return alive >= quorum(m, t) && alive >= usableThreshold(m, t) && enoughHolders;
      };
      const sets = Array.from({ length: 2 ** m }, (_, mask) => mask);
      const { absent, lying, colluding } = tolerance(m, t);
      expect(sets.filter((mask) => ones(mask) === absent).every(finishes)).toBe(true);
      expect(sets.filter((mask) => ones(mask) === absent + 1).some(finishes) && absent < m).toBe(false);
      expect(lying).toBe(Math.min(colluding, absent));
    }
  });

  it.each([
    [4, 2, { quorum: 3, usable: 3, colluding: 1, absent: 1, lying: 1, recommended: true }],
    [7, 3, { quorum: 5, usable: 5, colluding: 2, absent: 2, lying: 2, recommended: true }],
    [10, 4, { quorum: 7, usable: 7, colluding: 3, absent: 3, lying: 3, recommended: true }],
    [3, 2, { quorum: 3, usable: 3, colluding: 1, absent: 0, lying: 0, recommended: false }],
    [5, 1, { quorum: 3, usable: 1, colluding: 0, absent: 2, lying: 0, recommended: false }],
    [1, 1, { quorum: 1, usable: 1, colluding: 0, absent: 0, lying: 0, recommended: false }],
  ])('state what %i members with threshold %i tolerate', (m, t, expected) => {
    expect(tolerance(m, t)).toMatchObject({ members: m, threshold: t, ...expected });
  });

  it('say it in words', () => {
    expect(tolerance(7, 3).statement).toBe(
      'A 3-of-7 committee: 2 members may collude with the coordinator without learning a single value; rounds finish with up to 2 members absent or lying.',
    );
    expect(tolerance(3, 2).statement).toMatch(/1 member may collude .* stop when anyone is absent/);
    expect(tolerance(1, 1).statement).toMatch(/its one member is trusted with every value/);
    expect(tolerance(5, 1).statement).toMatch(
      /every single member is trusted .* 2 members absent, of whom none may lie/,
    );
  });
});
