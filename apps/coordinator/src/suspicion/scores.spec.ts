import { randomBytes } from 'node:crypto';
import { type ClusterRecord, type FleetView, LocalFleet, noRounds, type SuspicionEvent } from '@secagg/protocol';
import { type PartyId } from '@secagg/schema';
import { type Store } from '../store/store';
import { suspicionReport } from './report';
import { countRound, Scores } from './scores';

const random = (length: number) => new Uint8Array(randomBytes(length));
const fleet = new LocalFleet({ routers: 4, committee: { size: 1, threshold: 1 }, random, nowMs: Date.UTC(2026, 0, 1) });
const { cluster } = fleet;

/** The fleet's view with other members, revocations or quarantine. */
function viewOf(changes: { members?: string[]; revoked?: string[]; quarantine_rounds?: number }): FleetView {
  const { view } = fleet;
  const { revoked = [], ...terms } = changes;
  const policy = {
    ...view.policy,
    clusters: view.policy.clusters.map((entry) => ({
      ...entry,
      ...terms,
      members: (terms.members ?? []) as PartyId[],
    })),
  };
  return {
    ...view,
    policy,
    revoked: new Set(revoked.map((id) => view.certificates.get(id as PartyId)?.serial as number)),
  };
}

const ids = fleet.routers.map(({ identity }) => identity.id as string);
const event: SuspicionEvent = {
  type: 'groups-scored',
  round: 1,
  groups: [
    { flagged: true, routers: ids.slice(0, 2) },
    { flagged: false, routers: ids.slice(2) },
  ],
};
const kept = (view: FleetView): string[] => Object.keys(countRound(view, cluster, event)(noRounds()).routers).sort();

describe('counting a round', () => {
  it('keeps records of the routers of the cluster: all on the roster, or its members', () => {
    expect(kept(viewOf({}))).toEqual(ids);
    expect(kept(viewOf({ members: ids.slice(1) }))).toEqual(ids.slice(1));
  });

  it('keeps none of a router that was revoked, or that the roster does not have', () => {
    expect(kept(viewOf({ revoked: [ids[2]] }))).toEqual([ids[0], ids[1], ids[3]]);
    const stranger = { ...event, groups: [...event.groups, { flagged: true, routers: ['stranger'] }] };
    expect(Object.keys(countRound(viewOf({}), cluster, stranger)(noRounds()).routers)).not.toContain('stranger');
  });
});

const named = (after: number): ClusterRecord => ({
  rounds: 20,
  latestRound: 20,
  routers: {
    b: { rounds: 20, flagged: 4, expected: 4 },
    c: { rounds: 15, flagged: 14, expected: 4, namedInRound: 18, quarantinedAfter: after },
    a: { rounds: 3, flagged: 0, expected: 1 },
    d: { rounds: 15, flagged: 15, expected: 4, namedInRound: 17 },
  },
});
const storeOf = (records: Map<string, ClusterRecord>): Pick<Store, 'clusterRecords'> => ({
  clusterRecords: async (one) => new Map([...records].filter(([key]) => one === undefined || key === one)),
});

describe('scores', () => {
  it('are those of the store, and say who is named since', async () => {
    const records = new Map([[cluster, named(18)]]);
    const view = viewOf({ quarantine_rounds: 5 });
    const scores = await Scores.load(storeOf(records));
    expect(await scores.refresh(view, cluster)).toEqual([]);
    const next = named(18);
    records.set(cluster, {
      ...next,
      latestRound: 21,
      routers: { ...next.routers, a: { rounds: 12, flagged: 12, expected: 3, namedInRound: 21, quarantinedAfter: 21 } },
    });
    expect(await scores.refresh(view, cluster)).toEqual([{ router: 'a', round: 21, quarantinedUntil: 26 }]);
    expect(scores.count(view, cluster)).toEqual({ suspected: 3, quarantined: 2 });
    expect(scores.quarantinedUntil(view, cluster, 'c')).toBe(23);
    expect(scores.count(viewOf({}), cluster)).toEqual({ suspected: 3, quarantined: 0 });
  });

  it('refuse nobody that is not named, in another cluster, or whose policy has no quarantine', async () => {
    const scores = await Scores.load(storeOf(new Map([[cluster, named(18)]])));
    const view = viewOf({ quarantine_rounds: 5 });
    expect(
      ['a', 'b', 'd', 'constructor', 'nobody'].map((router) => scores.quarantinedUntil(view, cluster, router)),
    ).toEqual(Array(5).fill(undefined));
    expect(scores.quarantinedUntil(view, 'another', 'c')).toBeUndefined();
    expect(scores.quarantinedUntil(viewOf({}), cluster, 'c')).toBeUndefined();
  });
});

describe('the report', () => {
  const rows = (record: ClusterRecord, quarantineRounds: number) =>
    suspicionReport(cluster, record, quarantineRounds).routers.map((entry) => [
      entry.router,
      entry.quarantined_until_round,
    ]);

  it('has the named first, the most suspicious before the others, and then everybody by id', () => {
    expect(rows(named(18), 5)).toEqual([
      ['d', null],
      ['c', 23],
      ['a', null],
      ['b', null],
    ]);
    expect(suspicionReport(cluster, named(18), 5)).toMatchObject({
      suspects: ['d', 'c'],
      routers: [{ flagged_share: 1, base_rate: 4 / 15 }, {}, { p_value: 1 }, { p_value: 1 }],
    });
  });

  it('has nobody in a quarantine that is over, or that the policy does not have any more', () => {
    expect(rows(named(15), 5)[1]).toEqual(['c', null]);
    expect(rows(named(18), 0)[1]).toEqual(['c', null]);
  });
});
