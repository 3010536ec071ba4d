/** A fleet whose truth is known: the oracle of the coverage tests. */
import { defaultFields, type RoundLayout } from '@secagg/schema';
import { gaussianFrom } from '@secagg/testbed/random';
import { noOwnStatistics, type OwnStatistics, type RoundEvidence } from '../src';

export const KEY = 'm:t';
export const HOUR_MS = 3_600_000;
export const NOW_MS = 1_750_000_000_000;

const fields = defaultFields({ quality: true, cost: true });
export const layout: RoundLayout = {
  keys: [KEY, 'n:t'],
  fields,
  max_requests_per_router: 1e6,
  max_participants: 1000,
  word_bits: 48,
};
const SCALE = 65536;

export class World {
  constructor(readonly random: () => number) {}

  gaussian(): number {
    return gaussianFrom(this.random)();
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.random());
  }

  logUniform(low: number, high: number): number {
    return low * (high / low) ** this.random();
  }

  /** Requests of a model with this chance of success and mean latency, cost and quality (of scores 0 and 1). */
  requests(count: number, truth: Truth): OwnStatistics {
    const summary = () => ({ count, sum: 0, squares: 0 });
    const total = { count, successes: 0, latency: summary(), quality: summary(), cost: summary() };
    const add = (to: { sum: number; squares: number }, value: number): void => {
      to.sum += value;
      to.squares += value * value;
    };
    for (let i = 0; i < count; i++) {
      total.successes += Number(this.random() < truth.success);
      add(total.latency, this.exponential(truth.latency));
      add(total.quality, Number(this.random() < truth.quality));
      add(total.cost, this.exponential(truth.cost));
    }
    return total;
  }

  /** A round over those requests, with noise of this standard deviation on a count. */
  round(
    all: OwnStatistics,
    noise: number,
    at: { round?: number; timeMs?: number; own?: OwnStatistics; declaredNoise?: number } = {},
  ): RoundEvidence {
    const { round = 1, timeMs = NOW_MS, own, declaredNoise = noise } = at;
    const exact = [...vectorOf(all), ...vectorOf(noOwnStatistics)];
    return {
      cluster: 'ab'.repeat(16),
      round,
      timeMs,
      participants: 10,
      ...(noise > 0 ? { epsilon: 1 } : {}),
      source: {
        kind: 'sums',
        layout,
        sums: Float64Array.from(exact, (sum) => Math.round(sum + noise * SCALE * this.gaussian())),
        noiseVariance: (declaredNoise * SCALE) ** 2,
        ...(own ? { own: Float64Array.from([...vectorOf(own), ...vectorOf(noOwnStatistics)]) } : {}),
      },
    };
  }
}

export interface Truth {
  readonly success: number;
  readonly latency: number;
  readonly quality: number;
  readonly cost: number;
}

/**
 * What a router with these requests sends; values past the bound are not held to it, so that the truth stays what it
 * is.
 */
function vectorOf({ count, successes, latency, quality, cost }: OwnStatistics): number[] {
  const sums = {
    samples: [count, count],
    successes: [successes, count],
    latency: [latency.sum, count],
    quality: [quality.sum, quality.count],
    quality_samples: [quality.count, quality.count],
    cost: [cost.sum, cost.count],
    cost_samples: [cost.count, cost.count],
  } as const;
  return fields.map(({ name, scale, centre_units }) =>
    Math.round(sums[name][0] * scale - centre_units * sums[name][1]),
  );
}

/**
 * A test of a true statement fails by chance with less than 1e-6, two-sided, by the normal approximation of the
 * binomial; the seeds are fixed, so it either always fails or never.
 */
export const FALSE_ALARM_DEVIATIONS = 4.9;

/** Whether the share of hits among so many trials can be `expected`, or up to `slack` more. */
export function isPlausible(hits: number, trials: number, expected: number, slack = 0): boolean {
  const deviation = Math.sqrt(expected * (1 - expected) * trials);
  const off = hits - expected * trials;
  return off >= -FALSE_ALARM_DEVIATIONS * deviation && off <= FALSE_ALARM_DEVIATIONS * deviation + slack * trials;
}
