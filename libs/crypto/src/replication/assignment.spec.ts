import { type MemberIndex, type SubsetMask } from '@secagg/schema';
import { assignPieces, maskOf } from './assignment';
import { pieces } from './pieces';

describe('assignment of pieces', () => {
  it.each([
    [4, 2],
    [7, 3],
    [5, 3],
    [3, 1],
  ])('gives each piece of %i members, threshold %i, to its first live holder', (m, t) => {
    const all = pieces(m, t);
    for (let live = 0; live < 2 ** m; live++) {
      const holders = all.map((piece) =>
        Array.from({ length: m }, (_, j) => j).filter((j) => (live >> j) & 1 && !((piece >> j) & 1)),
      );
      if (holders.every((list) => list.length > 0)) {
        const assigned = assignPieces(all, live as SubsetMask);
        expect([...assigned]).toEqual(all.map((piece, i) => [piece, holders[i]?.[0]]));
      } else {
        const orphans = all.filter((_, i) => holders[i]?.length === 0);
        expect(() => assignPieces(all, live as SubsetMask)).toThrow(
          expect.objectContaining({ code: 'committee_unavailable', details: { pieces: orphans } }),
        );
      }
    }
  });

  it('works up to the last member', () => {
    const live = maskOf([29] as MemberIndex[]);
    expect([...assignPieces(pieces(30, 1), live)]).toEqual([[0, 29]]);
  });

  it('reads sets of members as masks', () => {
    expect(maskOf([])).toBe(0);
    expect(maskOf([0, 3, 29] as MemberIndex[])).toBe(2 ** 29 + 9);
  });
});
