import { randomBytes } from 'node:crypto';
import { type CoordinatorEvent, evolveCoordinator, emptyCoordinator, LocalFleet, runCommittee } from '@secagg/protocol';
import { defaultFields } from '@secagg/schema';
import { entryOf, eventOf, roundKeyOf } from './event-codec';

const now = Date.UTC(2026, 0, 1);

/** All events of a fleet's life up to a published round. */
function history(): { fleet: LocalFleet; key: string; events: CoordinatorEvent[] } {
  const fleet = new LocalFleet({
    routers: 4,
    committee: { size: 4, threshold: 2 },
    random: randomBytes,
    nowMs: now,
    cluster: { unsafe_no_noise: true },
    limits: { unsafeNoNoise: true },
  });
  const events: CoordinatorEvent[] = [];
  const { coordinator } = fleet;
  const commit = coordinator.commit.bind(coordinator);
  coordinator.commit = (step) => {
    events.push(...step.events);
    return commit(step);
  };
  fleet.startEpoch(now);
  const plan = {
    keys: ['m:t'],
    fields: defaultFields(),
    maxRequestsPerRouter: 10,
    minParticipantsPerGroup: 2,
    maxParticipants: 8,
    groups: 1,
    privacy: { unit: 'request' as const, rho: 'unsafe-none' as const, assumedColluders: 0, deltaInverse: 1_000_000 },
    sendDelayMs: 0,
    durationMs: 1000,
  };
  const { key } = fleet.announce(plan, now);
  for (const router of fleet.routers)
    router.send(coordinator, key, router.contribution(coordinator, key, new Float64Array(3), now));
  runCommittee(coordinator, fleet.members, now + 1000);
  return { fleet, key, events };
}

describe('journal entries', () => {
  const { fleet, key, events } = history();

  it('are of every kind that a round brings about, and come back as the events they were made from', () => {
    expect(new Set(events.map(({ type }) => type))).toEqual(
      new Set([
        'epoch-started',
        'seat-taken',
        'epoch-proposed',
        'epoch-signed',
        'round-announced',
        'contribution-accepted',
        'round-closed',
        'report-received',
        'round-proposed',
        'vote-received',
        'answer-received',
        'round-published',
      ]),
    );
    // A contribution's event may carry what its check decoded; that is worked out again.
    for (const event of events) expect(event).toMatchObject(eventOf(entryOf(event)));
  });

  it('belong to their round, and those of fleet and epochs to none', () => {
    for (const event of events)
      expect(roundKeyOf(event)).toBe(/^(epoch|seat|fleet)/.test(event.type) ? undefined : key);
  });

  it('rebuild the same round when they are replayed', () => {
    const state = emptyCoordinator(fleet.view);
    for (const event of events) evolveCoordinator(state, eventOf(entryOf(event)));
    expect(state.rounds.get(key)?.phase).toBe('published');
    expect(state.rounds.get(key)?.result).toEqual(fleet.coordinator.state.rounds.get(key)?.result);
  });

  it('hold a contribution as the bytes that came in, and nothing twice', () => {
    const event = events.find(({ type }) => type === 'contribution-accepted') as Extract<
      CoordinatorEvent,
      { type: 'contribution-accepted' }
    >;
    const entry = entryOf(event);
    expect(entry.contribution).toEqual({ router: event.router, bytes: event.bytes });
    expect(entry.body).toHaveLength(0);
  });

  it('are refused when they are not what this release writes', () => {
    const [started, other] = [entryOf(events[0]), entryOf(events[1])];
    expect(() => eventOf({ ...started, body: other.body })).toThrow('another content');
    expect(() => eventOf({ type: 'contribution-accepted', roundKey: key, body: new Uint8Array(0) })).toThrow(
      'lacks the bytes',
    );
  });
});
