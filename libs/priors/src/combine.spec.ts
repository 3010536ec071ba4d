import * as fc from 'fast-check';
import { uniform } from '@secagg/testbed/random';
import { HOUR_MS, KEY, NOW_MS, World } from '../test/world';
import {
  type KeyEvidence,
  noOwnStatistics,
  type OwnStatistics,
  priorOf,
  priorOptionsSchema,
  type ResultRound,
  type RoundEvidence,
} from '.';
import { priorSchema } from './prior';

const options = priorOptionsSchema.parse({});
const truth = { success: 0.8, latency: 2, quality: 0.5, cost: 1e-5 };
const world = new World(uniform(1));
const prior = (change: Partial<KeyEvidence>, change2 = {}) =>
  priorOf(KEY, { rounds: [], nowMs: NOW_MS, isListed: true, ...change }, { ...options, ...change2 });
const bucket = (statistics: OwnStatistics, timeMs = NOW_MS) => ({ timeMs, statistics });

const result = (change: Partial<ResultRound>): RoundEvidence => ({
  cluster: 'ab',
  round: 1,
  timeMs: NOW_MS,
  participants: 5,
  source: { kind: 'result', signals: {}, details: {}, withheld: [], noise: 10, ...change },
});

describe('priorOf', () => {
  it('is the conjugate posterior where nothing is noisy', () => {
    const all = world.requests(50, truth);
    const { success } = prior({ rounds: [world.round(all, 0)] });
    expect(success.alpha).toBeCloseTo(1 + all.successes, 6);
    expect(success.beta).toBeCloseTo(1 + 50 - all.successes, 6);
  });

  it('never counts own requests twice: sent or not, they come to the same', () => {
    const own = world.requests(40, truth);
    const waiting = prior({ own: [bucket(own)] });
    const sent = prior({ own: [bucket(own)], rounds: [world.round(own, 0, { own })] });
    expect(sent.success.alpha).toBeCloseTo(waiting.success.alpha, 4);
    expect(sent.success.beta).toBeCloseTo(waiting.success.beta, 4);
    expect(sent.latency_s?.mean).toBeCloseTo(waiting.latency_s?.mean as number, 3);
  });

  it('leaves the own requests in where the priors are meant for others', () => {
    const own = world.requests(40, truth);
    const { success, own_requests } = prior({ rounds: [world.round(own, 0)] });
    expect(own_requests).toBe(0);
    expect(success.alpha + success.beta).toBeCloseTo(42, 4);
  });

  it('forgets: after a half-life requests count half', () => {
    const own = world.requests(40, truth);
    const { success } = prior({ own: [bucket(own, NOW_MS - options.half_life_hours * HOUR_MS)] });
    expect(success.alpha + success.beta).toBeCloseTo(22, 6);
  });

  it('drops what is past the age limit where there is something newer, and marks it where there is not', () => {
    const old = world.round(world.requests(400, truth), 0, { timeMs: NOW_MS - 8 * 24 * HOUR_MS });
    const newer = world.round(world.requests(40, truth), 0, { round: 2 });
    const both = prior({ rounds: [old, newer] });
    expect(both).toMatchObject({ state: 'usable', rounds: 1 });
    expect(both.success.alpha + both.success.beta).toBeCloseTo(42, 4);
    const alone = prior({ rounds: [old] });
    expect(alone).toMatchObject({ state: 'expired', rounds: 1 });
    expect(alone.success.alpha).toBeGreaterThan(alone.success.beta);
  });

  it('an empty round changes neither mean nor state of what rounds before it said', () => {
    const before = world.round(world.requests(500, truth), 15, { timeMs: NOW_MS - HOUR_MS });
    const empty = world.round(noOwnStatistics, 15, { round: 2 });
    const [one, two] = [prior({ rounds: [before] }), prior({ rounds: [before, empty] })];
    expect(two.state).toBe('usable');
    expect(two.rounds_withheld).toBe(1);
    expect(
      Math.abs(
        two.success.alpha / (two.success.alpha + two.success.beta) -
          one.success.alpha / (one.success.alpha + one.success.beta),
      ),
    ).toBeLessThan(0.05);
  });

  it.each([0, 15])('an empty round does not take away what is past the age limit (noise %d)', (noise) => {
    const old = world.round(world.requests(800, truth), noise, { timeMs: NOW_MS - 8 * 24 * HOUR_MS });
    const empty = world.round(noOwnStatistics, noise, { round: 2 });
    const { state, success, rounds_withheld } = prior({ rounds: [empty, old] });
    expect({ state, rounds_withheld }).toEqual({ state: 'expired', rounds_withheld: 1 });
    expect(success.alpha / (success.alpha + success.beta)).toBeGreaterThan(0.65);
    expect(success.alpha + success.beta).toBeGreaterThan(12);
    // What is withheld and worth something together is newer evidence all the same.
    const some = Array.from({ length: 40 }, (_, i) => world.round(world.requests(40, truth), 15, { round: i + 2 }));
    expect(prior({ rounds: [...some, old] }).state).toBe('usable');
  });

  it('pools rounds that are withheld one by one until they say something', () => {
    const rounds = Array.from({ length: 40 }, (_, i) => world.round(world.requests(40, truth), 15, { round: i + 1 }));
    expect(prior({ rounds: rounds.slice(0, 1) }).state).toBe('withheld');
    const { state, rounds_withheld, success } = prior({ rounds });
    expect(rounds_withheld).toBeGreaterThan(20);
    expect(state).toBe('usable');
    expect(Math.abs(success.alpha / (success.alpha + success.beta) - 0.8)).toBeLessThan(0.15);
  });

  it('takes a withheld cell of a published result for a count below its threshold, not for none', () => {
    const censored = prior({ rounds: [result({ withheld: [{ key: KEY, reason: 'noise' }] })] });
    expect(censored).toMatchObject({
      state: 'withheld',
      success: { alpha: 1, beta: 1 },
      rounds: 0,
      rounds_withheld: 1,
    });
    const mean = censored.requests_per_round?.mean as number;
    expect(mean).toBeGreaterThan(10);
    expect(mean).toBeLessThan(50);
    const unknown = prior({ rounds: [result({ withheld: [{ key: KEY, reason: 'implausible' }] })] });
    expect(unknown).toMatchObject({ state: 'withheld', requests_per_round: null });
  });

  it('is the same from a published result as from its sums', () => {
    const all = world.requests(1000, truth);
    const round = world.round(all, 15);
    const fromSums = prior({ rounds: [round] });
    const errors = { total_samples: 15, success_rate: 0.0087, avg_latency: 0.85 };
    const entry = { success_rate: all.successes / 1000, avg_latency: all.latency.sum / 1000, total_samples: 1000 };
    const { success } = prior({
      rounds: [
        result({
          signals: { [KEY]: entry },
          details: { [KEY]: { standard_errors: errors, unclamped: entry, clamped: [] } },
          noise: 15,
        }),
      ],
    });
    const mass = (of: { alpha: number; beta: number }) => of.alpha + of.beta;
    expect(mass(success) / mass(fromSums.success)).toBeGreaterThan(0.7);
    expect(mass(success) / mass(fromSums.success)).toBeLessThan(1.4);
  });

  it('a key that is in no round and in no own requests has the prior alone', () => {
    expect(
      priorOf('x:t', { rounds: [world.round(noOwnStatistics, 5)], nowMs: NOW_MS, isListed: false }, options),
    ).toMatchObject({
      model: 'x',
      task: 't',
      state: 'no_evidence',
      listed: false,
      success: { alpha: 1, beta: 1 },
      latency_s: null,
    });
  });

  it('keeps what it gives out in shape, whatever the noise did', () => {
    const sum = fc.integer({ min: -(2 ** 45), max: 2 ** 45 });
    fc.assert(
      fc.property(
        fc.array(sum, { minLength: 14, maxLength: 14 }),
        fc.constantFrom(0, 0.01, 1, 1e5),
        fc.integer({ min: 1, max: 1000 }),
        (sums, noise, maxMass) => {
          const round = world.round(noOwnStatistics, 0);
          const source = {
            ...(round.source as Extract<RoundEvidence['source'], { kind: 'sums' }>),
            sums: Float64Array.from(sums),
            noiseVariance: (noise * 65536) ** 2,
          };
          const given = prior({ rounds: [{ ...round, source }] }, { max_mass: maxMass });
          expect(priorSchema.parse(given)).toEqual(given);
          expect(given.success.alpha + given.success.beta).toBeLessThanOrEqual(Math.max(maxMass, 2) + 0.03);
        },
      ),
      { numRuns: 300, seed: 5 },
    );
  });

  it('counts own requests past the age limit while a round that had them is used', () => {
    const own = world.requests(40, truth);
    const round = world.round(own, 0, { own });
    const { success } = prior({ own: [bucket(own, NOW_MS - options.age_limit_hours * HOUR_MS - 1)], rounds: [round] });
    expect(success.alpha + success.beta).toBeCloseTo(2 + 40 * 2 ** (-168 / 72), 3);
  });

  it('stays expired with old rounds until new own requests are enough by themselves', () => {
    const rounds = [world.round(world.requests(400, truth), 0, { timeMs: NOW_MS - 8 * 24 * HOUR_MS })];
    expect(prior({ rounds, own: [bucket(world.requests(1, truth))] }).state).toBe('expired');
    expect(prior({ rounds, own: [bucket(world.requests(40, truth))] }).state).toBe('usable');
    expect(prior({ own: [bucket(world.requests(1, truth))] }).state).toBe('uncertain');
  });
});
