/**
 * Traffic of routers that differ, and what liars send in place of theirs. All of it follows from the random numbers it
 * is given.
 */
import { encodeSignal, type RandomBytes, type RewardSignal, type RoundLayout } from '@secagg/schema';
import { gaussianFrom, type Uniform } from '@secagg/testbed/random';

export type Signals = Record<string, RewardSignal>;

export const unsafeBytes =
  (random: Uniform): RandomBytes =>
  (length) =>
    Uint8Array.from({ length }, () => Math.floor(256 * random()));

const gaussian = (random: Uniform): number => gaussianFrom(random)();
const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** How a router differs from the others, for good. */
export interface RouterTraffic {
  /** Requests of a round, on average. */
  readonly requests: number;
  /** Added to all success rates. */
  readonly success: number;
  /** Factor of all latencies. */
  readonly latency: number;
}

export const routerTraffic = (requests: number, random: Uniform): RouterTraffic => ({
  requests: requests * Math.exp(0.3 * gaussian(random)),
  success: 0.02 * gaussian(random),
  latency: Math.exp(0.1 * gaussian(random)),
});

/**
 * What one router sees in one round, by normal approximations: keys have rates from 0.6 to 0.9 and latencies from 1 to
 * 4 seconds.
 */
export function seenBy(
  { requests, success, latency }: RouterTraffic,
  keys: readonly string[],
  random: Uniform,
): Signals {
  return Object.fromEntries(
    keys.map((key, k) => {
      const place = keys.length > 1 ? k / (keys.length - 1) : 0;
      const mean = requests / keys.length;
      const samples = Math.max(1, Math.round(mean + Math.sqrt(mean) * gaussian(random)));
      const rate = clamp(0.6 + 0.3 * place + success, 0.01, 0.99);
      const successes = clamp(
        Math.round(samples * rate + Math.sqrt(samples * rate * (1 - rate)) * gaussian(random)),
        0,
        samples,
      );
      const seconds = Math.max(0, (1 + 3 * place) * latency * (1 + (0.8 * gaussian(random)) / Math.sqrt(samples)));
      return [key, { success_rate: successes / samples, avg_latency: seconds, total_samples: samples }];
    }),
  );
}

export const vectorOf = (layout: RoundLayout, signals: Signals): Float64Array =>
  encodeSignal(layout, { reward_signals: signals }).vector;

/** Over all requests of these routers; samples per router. */
export function pooled(signals: readonly Signals[]): Signals {
  return Object.fromEntries(
    Object.keys(signals[0]).map((key) => {
      const samples = signals.reduce((sum, of) => sum + of[key].total_samples, 0);
      const mean = (measure: 'success_rate' | 'avg_latency') =>
        signals.reduce((sum, of) => sum + of[key][measure] * of[key].total_samples, 0) / samples;
      return [
        key,
        {
          success_rate: mean('success_rate'),
          avg_latency: mean('avg_latency'),
          total_samples: samples / signals.length,
        },
      ];
    }),
  );
}

export type Lie = (layout: RoundLayout, seen: Signals, random: Uniform) => Float64Array;

const everyKey = (layout: RoundLayout, make: (samples: number) => RewardSignal): Float64Array => {
  const samples = Math.floor(layout.max_requests_per_router / layout.keys.length);
  return vectorOf(layout, Object.fromEntries(layout.keys.map((key) => [key, make(samples)])));
};

export const lies = {
  /** In range: as many requests as allowed, all of them fast successes. */
  boasts: (layout) => everyKey(layout, (samples) => ({ success_rate: 1, avg_latency: 0, total_samples: samples })),
  /** In range: as many requests as allowed, all of them slow failures. */
  smears: (layout) => everyKey(layout, (samples) => ({ success_rate: 0, avg_latency: 60, total_samples: samples })),
  /** In range: its own requests, with any rates and latencies. */
  invents: (layout, seen, random) =>
    vectorOf(
      layout,
      Object.fromEntries(
        Object.entries(seen).map(([key, entry]) => [
          key,
          { ...entry, success_rate: random(), avg_latency: 60 * random() },
        ]),
      ),
    ),
  /**
   * Out of range: the largest words there are, less 200 requests, so that what the others of the group send wraps the
   * sum around.
   */
  wraps: (layout) =>
    new Float64Array(layout.keys.length * layout.fields.length).fill(
      2 ** (layout.word_bits - 1) - 200 * layout.fields[0].scale,
    ),
  /** Out of range: a hundred times what it has seen. */
  exceeds: (layout, seen) => vectorOf(layout, seen).map((value) => 100 * value),
  /** Random words. */
  garbage: (layout, _seen, random) =>
    Float64Array.from({ length: layout.keys.length * layout.fields.length }, () =>
      Math.floor(0.99 * (random() - 0.5) * 2 ** layout.word_bits),
    ),
} satisfies Record<string, Lie>;
