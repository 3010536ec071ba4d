/** A store that fails for a moment: what is done once for each round is done again, without a restart. */
import { randomBytes } from 'node:crypto';
import { LocalFleet } from '@secagg/protocol';
import { type Bytes, type PartyId } from '@secagg/schema';
import { defaultFields } from '@secagg/schema';
import { until } from '@secagg/testbed/wait';
import { Changes } from '../changes';
import { type Engine } from '../engine';
import { JournaledState } from '../journaled-state';
import { type FinishedRound, type StoredContribution } from '../store/store';
import { ContributionCache } from './contribution-cache';
import { RoundFinisher } from './finish-rounds';
import { JournalIntake } from './intake';
import { RoundDriver } from './round-driver';

const start = Date.UTC(2026, 0, 1);

/** A round whose answers are all in, at a store whose reads and writes fail as often as they are told to. */
function answeredRound() {
  const fleet = new LocalFleet({
    routers: 3,
    committee: { size: 1, threshold: 1 },
    random: randomBytes,
    nowMs: start,
    cluster: { unsafe_no_noise: true },
    limits: { unsafeNoNoise: true },
  });
  fleet.startEpoch(start);
  const { coordinator } = fleet;
  const stored: (StoredContribution & { key: string })[] = [];
  coordinator.onEvent = (event) => {
    if (event.type === 'contribution-accepted') stored.push(event);
  };
  const { key } = fleet.announce(
    {
      keys: ['m:t'],
      fields: defaultFields(),
      maxRequestsPerRouter: 10,
      minParticipantsPerGroup: 1,
      maxParticipants: 3,
      groups: 1,
      privacy: { unit: 'request', rho: 'unsafe-none', assumedColluders: 0, deltaInverse: 1e6 },
      sendDelayMs: 0,
      durationMs: 1000,
    },
    start,
  );
  for (const router of fleet.routers)
    router.send(coordinator, key, router.contribution(coordinator, key, new Float64Array(3), start));
  coordinator.tick(start + 1000);
  while (coordinator.state.rounds.get(key)?.phase !== 'answering') {
    fleet.members[0].work(coordinator, start + 1000);
    if (coordinator.state.rounds.get(key)?.phase !== 'answering') coordinator.tick(start + 1000);
  }
  fleet.members[0].work(coordinator, start + 1000);

  const left = { failingReads: 0, failingWrites: 0 };
  const failOnce = (what: 'failingReads' | 'failingWrites'): void => {
    if (left[what]-- > 0) throw new Error('the disk had a moment');
  };
  const records = new Map<string, FinishedRound>();
  const store = {
    async *contributions(roundKey: string, routers?: readonly PartyId[]): AsyncIterable<StoredContribution> {
      failOnce('failingReads');
      for (const each of stored)
        if (each.key === roundKey && (!routers || routers.includes(each.router))) yield each satisfies { bytes: Bytes };
    },
    async finishRound(round: FinishedRound) {
      failOnce('failingWrites');
      records.set(round.key, round);
    },
    finishedRound: async (roundKey: string) => records.get(roundKey),
    transcript: async () => undefined,
  };
  const contributions = new ContributionCache(store);
  const journal = new JournaledState(
    coordinator.state,
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
  const engine = {
    journal,
    intake: new JournalIntake(journal),
    store,
    context: { ...coordinator.context, contribution: contributions.lookup },
    changes: new Changes(),
    now: () => start + 1000,
  } as unknown as Engine;
  const errors: string[] = [];
  const onError = (error: unknown) => void errors.push((error as Error).message);
  const driver = new RoundDriver(engine, contributions, onError);
  const finisher = new RoundFinisher(engine, contributions, async () => undefined, onError);
  const phase = () => coordinator.state.rounds.get(key)?.phase;
  return { key, left, driver, finisher, errors, records, phase };
}

it('publishes a round although its contributions could not be read at first', async () => {
  const { left, driver, phase, errors } = answeredRound();
  left.failingReads = 1;
  driver.start();
  await until(() => phase() === 'published');
  driver.stop();
  expect(errors).toEqual(['the disk had a moment']);
});

it('writes the record of a round although reading or writing failed at first', async () => {
  const { key, left, driver, finisher, phase, errors, records } = answeredRound();
  await finisher.watch();
  left.failingWrites = 2;
  driver.start();
  await until(() => phase() === 'published');
  left.failingReads = 1;
  await finisher.written(key);
  driver.stop();
  await finisher.stop();
  expect(records.get(key)).toMatchObject({ phase: 'published', contributions: 3 });
  expect(errors.length).toBeGreaterThanOrEqual(2);
});
