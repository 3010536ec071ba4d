/** What rounds and time may do to priors: they never vanish, and what is wrong is said. */
import { join } from 'node:path';
import { type Prior } from '@secagg/priors';
import { defaultFields } from '@secagg/schema';
import { Database } from '@secagg/journal/sqlite';
import { pino } from 'pino';
import { useTestFolder } from '../../test/support/test-folder';
import { OwnRequests } from '../store/own-requests';
import { observationMigrations } from '../store/observation-migrations';
import { type KnownRound, RoundHistory } from '../store/round-history';
import { routerMigrations } from '../store/router-migrations';
import { PriorMaker } from './prior-maker';
import { PriorsKeeper } from './priors-keeper';

const folder = useTestFolder();
const NOW_MS = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const fields = defaultFields();
const CLUSTER = 'ab'.repeat(16);
const KEY = 'm:t';

/** A round with so many requests of the first key, three quarters of them successful, and without those of the others. */
function round(
  number: number,
  {
    days = 0,
    requests = 0,
    keys = [KEY, 'n:t'],
    noise = 15,
  }: Partial<Record<'days' | 'requests' | 'noise', number>> & { keys?: string[] },
): KnownRound {
  const natural = { samples: requests, successes: 0.75 * requests, latency: 2 * requests };
  const sums = new Float64Array(keys.length * fields.length);
  fields.forEach(({ name, scale, centre_units }, i) => {
    sums[i] = natural[name as keyof typeof natural] * scale - centre_units * requests;
  });
  const noiseVariance = (noise * fields[0].scale) ** 2;
  return {
    cluster: CLUSTER,
    round: number,
    timeMs: NOW_MS - days * DAY_MS,
    participants: 10,
    epsilon: 1,
    isOfUse: requests > 5 * noise,
    isOurs: false,
    layout: { keys, fields },
    source: { kind: 'sums', layout: { keys, fields }, sums, noiseVariance },
  };
}

/** What a node says that has verified these rounds, in their order, and started again. */
async function believed(rounds: readonly KnownRound[], ownRequests: Record<string, number> = {}) {
  const router = Database.open(join(folder(), 'router.db'), routerMigrations);
  const observations = Database.open(join(folder(), 'observations.db'), observationMigrations);
  const history = new RoundHistory(router);
  for (const each of rounds) history.put(each, NOW_MS);
  const own = new OwnRequests(observations);
  const none = { count: 0, sum: 0, squares: 0 };
  const statistics = (count: number) => ({ count, successes: count, latency: none, quality: none, cost: none });
  own.add(new Map(Object.entries(ownRequests).map(([key, count]) => [key, statistics(count)])), NOW_MS);
  const maker = new PriorMaker(own);
  const keeper = new PriorsKeeper(
    history,
    {
      priors: (request) => Promise.resolve(maker.part(request)),
      learnRounds: (change) => Promise.resolve(maker.learn(change)),
    },
    () => undefined,
    () => NOW_MS,
    pino({ level: 'silent' }),
    { cluster: CLUSTER, halfLifeHours: 72, ageLimitHours: 168, minMass: 10 },
  );
  const stop = new AbortController();
  const made = keeper.next(60_000, stop.signal);
  const running = keeper.run(stop.signal);
  await made;
  stop.abort();
  await running;
  router.close();
  observations.close();
  const { published, private: mine } = keeper.current as NonNullable<typeof keeper.current>;
  const codes = ({ pack }: typeof mine) => pack.problems.map(({ code }) => code);
  const shown = ({ state, listed, success: { alpha, beta } }: Prior) => ({
    state,
    listed,
    mean: alpha / (alpha + beta),
  });
  const of = ({ pack }: typeof mine, key = KEY) => {
    const found = pack.priors.find(({ model, task }) => `${model}:${task}` === key);
    return found && shown(found);
  };
  return { published, mine, codes, of };
}

const expectBelieved = (found: { mean: number } | undefined): void => {
  expect(found?.mean).toBeGreaterThan(0.65);
  expect(found?.mean).toBeLessThan(0.85);
};

it.each<[string, KnownRound[], string[], string]>([
  ['a round of use, and no requests of its own', [round(1, { requests: 900 })], [], 'usable'],
  ['an empty round after it', [round(1, { requests: 900, days: 1 }), round(2, {})], ['latest_round_empty'], 'usable'],
  ['rounds past the age limit', [round(1, { requests: 900, days: 9 })], ['rounds_too_old'], 'expired'],
  [
    'old rounds and an empty one',
    [round(1, { requests: 900, days: 9 }), round(2, {})],
    ['latest_round_empty', 'rounds_too_old'],
    'expired',
  ],
  [
    'a fleet that has paused for longer than rounds are kept',
    [round(1, { requests: 50_000, days: 35 })],
    ['rounds_too_old'],
    'expired',
  ],
  [
    'a catalogue without the key any more',
    [round(1, { requests: 900, days: 1 }), round(2, { requests: 900, keys: ['p:t', 'n:t'] })],
    [],
    'usable',
  ],
  [
    'a catalogue of others, in an empty round',
    [round(1, { requests: 900, days: 1 }), round(2, { keys: ['p:t'] })],
    ['latest_round_empty'],
    'usable',
  ],
])('%s: an idle router keeps what was said, in both kinds', async (_, rounds, problems, state) => {
  const { mine, published, codes, of } = await believed(rounds);
  expect(codes(mine)).toEqual([...problems, 'no_own_requests']);
  // What is meant for others says nothing of this router.
  expect(codes(published)).toEqual(problems);
  const listed = rounds.at(-1)?.layout.keys.includes(KEY);
  for (const kind of [mine, published]) {
    expect(of(kind)).toMatchObject({ state, listed });
    expectBelieved(of(kind));
  }
  expect(mine.pack.rounds).toHaveLength(rounds.length);
});

it('says that every round was withheld, and what they say together', async () => {
  const few = Array.from({ length: 40 }, (_, i) => round(i + 1, { requests: 40, days: 1 }));
  const one = await believed(few.slice(0, 1));
  expect(one.codes(one.published)).toEqual(['no_usable_round']);
  expect(one.of(one.published)?.state).toBe('withheld');
  const all = await believed(few);
  expect(all.codes(all.mine)).toEqual(['no_usable_round', 'no_own_requests']);
  expect(all.of(all.mine)?.state).toBe('usable');
  expectBelieved(all.of(all.mine));
});

it('says that there was no round, and which own names no catalogue has', async () => {
  const none = await believed([]);
  expect([none.codes(none.mine), none.codes(none.published)]).toEqual([['no_round', 'no_own_requests'], ['no_round']]);
  const unknown = await believed([round(1, { requests: 900 })], { 'x:t': 50 });
  expect(unknown.codes(unknown.mine)).toEqual(['own_names_unlisted']);
  expect(unknown.mine.pack.problems[0].detail).toContain('has none of the names');
  expect(unknown.of(unknown.mine, 'x:t')).toMatchObject({ state: 'usable', listed: false });
  expectBelieved(unknown.of(unknown.mine));
});

it('says when the catalogue has lost a name that this router still reports', async () => {
  const rounds = [round(1, { requests: 900, days: 1 }), round(2, { requests: 900, keys: ['p:t', 'n:t'] })];
  const { mine, codes, of } = await believed(rounds, { [KEY]: 60, 'p:t': 20 });
  expect(codes(mine)).toEqual(['own_names_unlisted']);
  expect(mine.pack.problems[0].detail).toContain('lacks some of the names');
  expect(of(mine)).toMatchObject({ state: 'usable', listed: false });
  expect(of(mine, 'p:t')).toMatchObject({ state: 'usable', listed: true });
});
