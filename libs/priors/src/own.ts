/** A router's own requests of one key and span of time, known without noise. */
import { z } from 'zod';
import { costPerToken, type RewardObservation } from '@secagg/schema';

const finite = z.number().refine(Number.isFinite);
const summary = z.strictObject({ count: finite.min(0), sum: finite.min(0), squares: finite.min(0) });

/** `squares` is the sum of squares. */
export type Summary = z.infer<typeof summary>;

export const ownStatisticsSchema = z.strictObject({
  count: finite.min(0),
  successes: finite.min(0),
  latency: summary,
  quality: summary,
  cost: summary,
});
export type OwnStatistics = z.infer<typeof ownStatisticsSchema>;

export interface OwnBucket {
  /** From when it counts. */
  readonly timeMs: number;
  readonly statistics: OwnStatistics;
}

const EMPTY: Summary = { count: 0, sum: 0, squares: 0 };
export const noOwnStatistics: OwnStatistics = { count: 0, successes: 0, latency: EMPTY, quality: EMPTY, cost: EMPTY };

const one = (value: number | undefined): Summary =>
  value === undefined ? EMPTY : { count: 1, sum: value, squares: value * value };

type Outcome = Pick<RewardObservation, 'success' | 'latency_s' | 'quality' | 'cost_usd' | 'tokens'>;

export const statisticsOf = (observation: Outcome): OwnStatistics => ({
  count: 1,
  successes: Number(observation.success),
  latency: one(observation.latency_s),
  quality: one(observation.quality),
  cost: one(costPerToken(observation)),
});

/** A score that came later than its request, in place of the one before. */
export const scored = (before: number | undefined, quality: number): OwnStatistics => ({
  ...noOwnStatistics,
  quality: addSummaries(one(quality), one(before), -1),
});

const addSummaries = (a: Summary, b: Summary, weight: number): Summary => ({
  count: a.count + weight * b.count,
  sum: a.sum + weight * b.sum,
  squares: a.squares + weight * b.squares,
});

/** a + weight * b. */
export const addStatistics = (a: OwnStatistics, b: OwnStatistics, weight = 1): OwnStatistics => ({
  count: a.count + weight * b.count,
  successes: a.successes + weight * b.successes,
  latency: addSummaries(a.latency, b.latency, weight),
  quality: addSummaries(a.quality, b.quality, weight),
  cost: addSummaries(a.cost, b.cost, weight),
});
