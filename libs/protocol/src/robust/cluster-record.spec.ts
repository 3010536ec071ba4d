import { type ClusterRecord, noRounds, quarantineEnd, recordRound, type RecordTerms } from './cluster-record';
import { evolveSuspicion, noSuspicion, type SuspicionEvent } from './suspicion';

const honest = Array.from({ length: 20 }, (_, i) => `r${i}`);
const terms = (quarantineRounds: number, isMember: RecordTerms['isMember'] = () => true): RecordTerms => ({
  quarantineRounds,
  isMember,
});

/** The liar spoils the first of four groups, in which the honest take turns. */
function round(number: number, liar: string | null = 'liar'): SuspicionEvent {
  const groups = [0, 1, 2, 3].map((g) => honest.filter((_, i) => (i + number) % 4 === g));
  if (liar !== null) groups[0] = [...groups[0], liar];
  return {
    type: 'groups-scored',
    round: number,
    groups: groups.map((routers, g) => ({ routers, flagged: g === 0 && liar !== null })),
  };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const count = (before: ClusterRecord, rounds: readonly SuspicionEvent[], under: RecordTerms): ClusterRecord =>
  rounds.reduce((record, event) => recordRound(record, event, under), before);
const named = ({ routers }: ClusterRecord): string[] =>
  Object.keys(routers).filter((router) => routers[router].namedInRound !== undefined);

describe('the record of a cluster', () => {
  it('has the figures of evolveSuspicion, in whatever order rounds are told', () => {
    const rounds = range(1, 8).map((number) => round(number));
    const { routers } = rounds.reduce(evolveSuspicion, noSuspicion());
    const forwards = count(noRounds(), rounds, terms(0));
    expect(forwards).toEqual({ rounds: 8, latestRound: 8, routers });
    const backwards = count(noRounds(), [...rounds].reverse(), terms(0));
    expect(backwards.latestRound).toBe(8);
    for (const [router, record] of Object.entries(routers))
      expect(backwards.routers[router]).toEqual({ ...record, expected: expect.closeTo(record.expected, 12) as number });
  });

  it('says since when a router is named, until its record does not say so any more', () => {
    const before = count(
      noRounds(),
      range(1, 9).map((number) => round(number)),
      terms(0),
    );
    expect(named(before)).toEqual([]);
    const after = count(
      before,
      range(10, 12).map((number) => round(number)),
      terms(0),
    );
    expect(named(after)).toEqual(['liar']);
    expect(after.routers.liar).toEqual({
      rounds: 12,
      flagged: 12,
      expected: expect.closeTo((12 * 6) / 21, 9) as number,
      namedInRound: 10,
    });
    // In flagged groups as often as anybody from now on, spoiled by another one.
    const repaired = range(13, 200).map((number): SuspicionEvent => {
      const { groups } = round(number, 'other');
      return {
        type: 'groups-scored',
        round: number,
        groups: groups.map((group, g) =>
          g === number % 4 ? { ...group, routers: [...group.routers, 'liar'] } : group,
        ),
      };
    });
    expect(named(count(after, repaired, terms(0)))).toEqual(['other']);
  });

  it('keeps a named router out for so many rounds, then begins its record anew', () => {
    const found = count(
      noRounds(),
      range(1, 10).map((number) => round(number)),
      terms(3),
    );
    expect(found.routers.liar).toMatchObject({ namedInRound: 10, quarantinedAfter: 10 });
    expect(quarantineEnd(found.routers.liar, 3)).toBe(13);
    // Contributions already under way count once more in the old record; the quarantine stays as it is.
    const underWay = recordRound(found, round(11), terms(3));
    expect(underWay.routers.liar).toMatchObject({ rounds: 11, namedInRound: 10, quarantinedAfter: 10 });
    const without = count(underWay, [round(12, null)], terms(3));
    expect(without.routers.liar).toEqual(underWay.routers.liar);
    const over = count(without, [round(13, null)], terms(3));
    expect(over.routers.liar).toBeUndefined();
    expect(over.routers.r0).toMatchObject({ rounds: 13 });
    const back = count(
      over,
      range(14, 22).map((number) => round(number)),
      terms(3),
    );
    expect(back.routers.liar).toMatchObject({ rounds: 9, flagged: 9 });
    expect(named(back)).toEqual([]);
    expect(recordRound(back, round(23), terms(3)).routers.liar).toMatchObject({
      namedInRound: 23,
      quarantinedAfter: 23,
    });
  });

  it('begins anew after a quarantine also where its last round ended without a result', () => {
    const found = count(
      noRounds(),
      range(1, 10).map((number) => round(number)),
      terms(3),
    );
    expect(recordRound(found, round(15), terms(3)).routers.liar).toEqual({
      rounds: 1,
      flagged: 1,
      expected: expect.any(Number) as number,
    });
  });

  it('goes by the policy in force: one that names a quarantine later, lengthens, shortens or ends it', () => {
    const found = count(
      noRounds(),
      range(1, 12).map((number) => round(number)),
      terms(0),
    );
    expect(found.routers.liar).not.toHaveProperty('quarantinedAfter');
    expect(quarantineEnd(found.routers.liar, 3)).toBeUndefined();
    const caught = recordRound(found, round(13), terms(5));
    expect(caught.routers.liar).toMatchObject({ namedInRound: 10, quarantinedAfter: 13 });
    expect([1, 5, 9].map((rounds) => quarantineEnd(caught.routers.liar, rounds))).toEqual([14, 18, 22]);
    expect(quarantineEnd(caught.routers.liar, 0)).toBeUndefined();
    expect(recordRound(caught, round(14, null), terms(5)).routers.liar).toBeDefined();
    expect(recordRound(caught, round(14, null), terms(1)).routers.liar).toBeUndefined();
    expect(recordRound(caught, round(14), terms(0)).routers.liar).toMatchObject({ rounds: 1 });
  });

  it('ends with the membership of its router', () => {
    const found = count(
      noRounds(),
      range(1, 12).map((number) => round(number)),
      terms(5),
    );
    const removed = recordRound(
      found,
      round(13),
      terms(5, (router) => router !== 'liar'),
    );
    expect(removed.routers.liar).toBeUndefined();
    expect(recordRound(removed, round(14), terms(5)).routers.liar).toMatchObject({ rounds: 1 });
  });

  it('learns nothing from a single group, and does not change what it was given', () => {
    const before = count(
      noRounds(),
      range(1, 12).map((number) => round(number)),
      terms(2),
    );
    const copy = JSON.parse(JSON.stringify(before)) as ClusterRecord;
    const alone: SuspicionEvent = {
      type: 'groups-scored',
      round: 13,
      groups: [{ flagged: true, routers: [...honest, 'liar'] }],
    };
    const after = recordRound(before, alone, terms(9));
    expect(after).toEqual({ ...before, latestRound: 13 });
    expect(before).toEqual(copy);
  });
});
