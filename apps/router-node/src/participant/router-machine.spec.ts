import { randomBytes } from 'node:crypto';
import { evolveRouter, LocalFleet, type RouterEvent, routerRole } from '@secagg/protocol';
import { decodeCanonical, defaultFields, encodeCanonical } from '@secagg/schema';

const random = (length: number) => new Uint8Array(randomBytes(length));
const startMs = 1_800_000_000_000;

const plan = {
  keys: ['a:b'],
  fields: defaultFields(),
  maxRequestsPerRouter: 5,
  minParticipantsPerGroup: 2,
  maxParticipants: 2,
  groups: 1,
  privacy: { unit: 'request' as const, rho: 0.01, deltaInverse: 100_000 },
  sendDelayMs: 0,
  durationMs: 1000,
};

describe("a router's memory", () => {
  it('is the same from its events and from a snapshot, with ledger and open rounds, and forgets only old settled rounds', () => {
    const fleet = new LocalFleet({ routers: 2, committee: { size: 1, threshold: 1 }, random, nowMs: startMs });
    const [router, other] = fleet.routers;
    const events: RouterEvent[] = [{ type: 'fleet-updated', documents: fleet.view.documents }];
    router.onEvent = (event) => events.push(event);
    fleet.startEpoch(startMs);
    for (let i = 0; i < 23; i++) {
      const nowMs = startMs + 5000 * i;
      const { key } = fleet.announce(plan, nowMs);
      for (const each of [router, other])
        each.send(fleet.coordinator, key, each.contribution(fleet.coordinator, key, new Float64Array(3), nowMs));
      for (let turn = 0; turn < 5; turn++) {
        fleet.coordinator.tick(nowMs + 1500);
        for (const member of fleet.members) member.work(fleet.coordinator, nowMs + 1500);
      }
      // One round stays open with its receipt, one without.
      if (i !== 3) router.settle(fleet.coordinator, key, nowMs + 2000);
    }
    const last = fleet.announce(plan, startMs + 200_000).key;
    router.contribution(fleet.coordinator, last, new Float64Array(3), startMs + 200_000);
    router.commit({
      events: [{ type: 'quarantine-told', cluster: fleet.cluster, round: 24, untilRound: 30 }],
      reply: undefined,
    });

    const restoring: RouterEvent = { type: 'restored', atMs: startMs + 300_000, units: 1000 };
    evolveRouter(router.state, restoring);
    events.push(restoring);

    const machine = routerRole(fleet.authority.publicKey);
    const records = events.map((event) => encodeCanonical(event));
    const replayed = machine.begin(decodeCanonical(records[0]) as RouterEvent);
    for (const record of records.slice(1)) machine.evolve(replayed, decodeCanonical(record) as RouterEvent);
    const restored = machine.restore(decodeCanonical(encodeCanonical(machine.snapshot(replayed))));
    expect(restored).toEqual(replayed);
    expect(restored.ledger).toEqual(router.state.ledger);
    expect(restored.quarantines).toEqual(new Map([[fleet.cluster, { round: 24, untilRound: 30 }]]));
    expect(restored.restoredAtMs).toBe(startMs + 300_000);
    expect(restored.highestRound.get(fleet.cluster)).toBe(24);
    const rounds = [...restored.participations.values()].map(({ round, outcome, bytes }) => [
      round,
      outcome ?? null,
      bytes !== undefined,
    ]);
    expect(rounds).toEqual(
      [...router.state.participations.values()]
        .map(({ round, outcome, bytes }) => [round, outcome ?? null, bytes !== undefined])
        .filter(([round]) => ![1, 2].includes(round as number)),
    );
    expect(rounds).toContainEqual([4, null, false]);
    expect(rounds.at(-1)).toEqual([24, null, true]);
    // A snapshot of a release that knew of no quarantines.
    const { quarantines: _unknown, ...earlier } = machine.snapshot(replayed) as { quarantines: unknown };
    expect(machine.restore(decodeCanonical(encodeCanonical(earlier))).quarantines).toEqual(new Map());
  });
});
