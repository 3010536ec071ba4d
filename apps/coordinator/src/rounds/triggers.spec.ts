import { randomBytes } from 'node:crypto';
import { LocalFleet, roundKey, runCommittee } from '@secagg/protocol';
import { defaultFields, type SecaggError } from '@secagg/schema';
import { Changes } from '../changes';
import { type Engine } from '../engine';
import { JournaledState } from '../journaled-state';
import { type Interval, type PutOff } from './put-off';
import { RoundTriggers, type Trigger } from './triggers';
import { WaitingRouters } from './waiting-routers';

const start = Date.UTC(2026, 0, 1);

const every = (everyMs: number, maxSkippedIntervals = 0): Interval => ({
  kind: 'interval',
  everyMs,
  maxSkippedIntervals,
  spreadBudget: true,
});

function trial(trigger: Trigger, withEpoch = true) {
  const fleet = new LocalFleet({
    routers: 4,
    committee: { size: 1, threshold: 1 },
    random: randomBytes,
    nowMs: start,
    cluster: { unsafe_no_noise: true },
  });
  if (withEpoch) fleet.startEpoch(start);
  const clock = { now: start };
  const { state, context } = fleet.coordinator;
  const journal = new JournaledState(
    state,
    {
      append: async () => undefined,
      releaseRound: async () => undefined,
      releaseEpochs: async () => undefined,
      isLocked: false,
      checkUnlocked: () => undefined,
    },
    (error) => {
      throw error;
    },
  );
  const engine = { journal, context, changes: new Changes(), now: () => clock.now } as Pick<
    Engine,
    'journal' | 'context' | 'changes' | 'now'
  > as Engine;
  const waiting = new WaitingRouters();
  const refusals: SecaggError[] = [];
  const told: (PutOff['reason'] | undefined)[] = [];
  const plan = {
    cluster: fleet.cluster,
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
  const triggers = new RoundTriggers(
    engine,
    [{ plan, trigger }],
    waiting,
    (_cluster, problem) => refusals.push(problem),
    (_cluster, found) => told.push(found?.reason),
  );
  /** Highest round after looking at this time, rounds past their deadline being closed. */
  const look = async (atMs: number): Promise<number> => {
    clock.now = start + atMs;
    fleet.coordinator.tick(clock.now);
    triggers.look();
    await new Promise((resolve) => setImmediate(resolve));
    return state.latestRound.get(fleet.cluster) ?? 0;
  };
  const cluster = fleet.cluster;
  /** As an operator's request does, with force. */
  const announce = (atMs: number) => fleet.announce(plan, start + atMs);
  const next = () => triggers.next(fleet.cluster);
  return {
    fleet,
    journal,
    told,
    next,
    look,
    announce,
    waiting,
    refusals,
    cluster,
    state,
    withEpoch: () => fleet.startEpoch(start),
  };
}

describe('round triggers', () => {
  it('starts a round every interval, counted from the last announcement, never two at once', async () => {
    const { look } = trial(every(3000));
    expect(await look(0)).toBe(1);
    expect(await look(2999)).toBe(1);
    expect(await look(3000)).toBe(2);
    const short = trial(every(100));
    expect(await short.look(0)).toBe(1);
    expect(await short.look(999)).toBe(1);
    expect(await short.look(1000)).toBe(2);
  });

  it('never opens one beside a round that an operator has started, nor beside one that was forced', async () => {
    const { look, announce } = trial(every(3000));
    announce(0);
    expect(await look(0)).toBe(1);
    expect(await look(500)).toBe(1);
    announce(900);
    // The first has closed, the second takes contributions until 1900; the interval counts from it.
    expect(await look(1500)).toBe(2);
    expect(await look(3899)).toBe(2);
    announce(3890);
    expect(await look(4500)).toBe(3);
    expect(await look(6890)).toBe(4);
  });

  it('counts nothing that was done while the clock was ahead', async () => {
    const hours = 2 * 3_600_000;
    const { look } = trial(every(3000));
    expect(await look(hours)).toBe(1);
    expect(await look(0)).toBe(2);
    expect(await look(2999)).toBe(2);
    const refused = trial(every(3000), false);
    await refused.look(hours);
    expect(refused.refusals).toHaveLength(1);
    refused.withEpoch();
    expect(await refused.look(0)).toBe(1);
  });

  it('starts a round when enough routers wait, and not another one too soon', async () => {
    const { look, waiting, cluster } = trial({ kind: 'waiting', routers: 2, atMostEveryMs: 5000 });
    waiting.enter(cluster, 'router-0', start);
    waiting.enter(cluster, 'router-0', start);
    expect(await look(0)).toBe(0);
    const leave = waiting.enter(cluster, 'router-1', start);
    expect(await look(100)).toBe(1);
    expect(await look(5099)).toBe(1);
    leave();
    expect(await look(5100)).toBe(1);
    waiting.enter(cluster, 'router-2', start);
    expect(await look(5200)).toBe(2);
  });

  it('never starts a manual one', async () => {
    const { look, waiting, cluster } = trial({ kind: 'manual' });
    waiting.enter(cluster, 'router-0', start);
    expect(await look(1e9)).toBe(0);
  });

  it('tells of a refusal once, waits a little, and starts when it can', async () => {
    const { look, refusals, cluster, state } = trial(every(100), false);
    for (let ms = 0; ms < 5000; ms += 100) expect(await look(ms)).toBe(0);
    expect(refusals.map(({ code }) => code)).toEqual(['committee_unavailable']);
    expect(state.rounds.has(roundKey(cluster, 1))).toBe(false);
  });

  it('counts the interval from a round that has left memory', async () => {
    const { look, fleet, journal } = trial(every(3000));
    expect(await look(0)).toBe(1);
    await look(1500);
    await journal.release(roundKey(fleet.cluster, 1));
    expect(await look(2999)).toBe(1);
    expect(await look(3000)).toBe(2);
  });

  it('puts rounds off when nobody came, tells so once, and starts one when routers have come', async () => {
    const { look, fleet, told, next, waiting, cluster } = trial(every(100_000, 3));
    const over = async (atMs: number) => {
      await look(atMs + 1000);
      for (const later of [2000, 20_000]) runCommittee(fleet.coordinator, fleet.members, start + atMs + later);
    };
    expect(await look(0)).toBe(1);
    await over(0);
    expect(await look(100_000)).toBe(1);
    expect(next()).toMatchObject({ atMs: start + 200_000, putOff: { reason: 'too_few_routers', intervals: 1 } });
    expect(await look(199_999)).toBe(1);
    expect(await look(200_000)).toBe(2);
    await over(200_000);
    expect(await look(599_999)).toBe(2);
    expect(told).toEqual(['too_few_routers']);
    waiting.enter(cluster, 'router-0', start);
    waiting.enter(cluster, 'router-1', start);
    expect(await look(599_999)).toBe(3);
    await over(599_999);
    // They did not take part, so that their waiting is believed no more.
    expect(await look(599_999 + 399_999)).toBe(3);
    expect(await look(599_999 + 400_000)).toBe(4);
    expect(told).toEqual(['too_few_routers', undefined, 'too_few_routers']);
  });
});
