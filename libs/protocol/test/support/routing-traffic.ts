/** Traffic of a fleet of routers, as signals and vectors, and routers that lie about theirs. */
import { gaussianFrom, uniform } from '@secagg/testbed/random';
import { encodeSignal, type RewardSignal, type RoundLayout } from '@secagg/schema';

export type Signals = Record<string, RewardSignal>;

export const keysOf = (count: number): string[] =>
  Array.from({ length: count }, (_, k) => `model-${String(k).padStart(2, '0')}:task`);

export interface TrafficOptions {
  readonly keys: number;
  readonly routers: number;
  /** Mean requests of a router in a round, over all keys. */
  readonly requests: number;
  /**
   * Standard deviation between routers of the logarithm of their requests, of their success rates, and of the logarithm
   * of their latencies.
   */
  readonly between?: { readonly requests: number; readonly success: number; readonly latency: number };
}

/** Keys from busy to quiet (1 to 1/3), with rates and latencies of their own, and routers that differ. */
export class Traffic {
  readonly keys: readonly string[];
  private readonly gaussian: () => number;
  private readonly shares: readonly number[];
  private readonly rates: readonly number[];
  private readonly latencies: readonly number[];
  private readonly routers: readonly { volume: number; success: number; latency: number }[];

  constructor(
    { keys, routers, requests, between = { requests: 0.3, success: 0.02, latency: 0.1 } }: TrafficOptions,
    seed: number,
  ) {
    const random = uniform(seed);
    this.gaussian = gaussianFrom(random);
    this.keys = keysOf(keys);
    const weights = this.keys.map((_, k) => 1 / (1 + (2 * k) / Math.max(1, keys - 1)));
    const total = weights.reduce((a, b) => a + b, 0);
    this.shares = weights.map((weight) => weight / total);
    this.rates = this.keys.map(() => 0.5 + 0.45 * random());
    this.latencies = this.keys.map(() => 0.5 + 4 * random());
    this.routers = Array.from({ length: routers }, () => ({
      volume: requests * Math.exp(between.requests * this.gaussian()),
      success: between.success * this.gaussian(),
      latency: Math.exp(between.latency * this.gaussian()),
    }));
  }

  /** What one router saw in one round: binomial and the like, by their normal approximations. */
  signals(router: number): Signals {
    const { volume, success, latency } = this.routers[router];
    const entries = this.keys.flatMap((key, k): [string, RewardSignal][] => {
      const mean = volume * this.shares[k];
      const samples = Math.round(mean + Math.sqrt(mean) * this.gaussian());
      if (samples < 1) return [];
      const rate = clamp(this.rates[k] + success, 0.01, 0.99);
      const successes = clamp(
        Math.round(samples * rate + Math.sqrt(samples * rate * (1 - rate)) * this.gaussian()),
        0,
        samples,
      );
      const seconds = Math.max(0, this.latencies[k] * latency * (1 + (0.8 * this.gaussian()) / Math.sqrt(samples)));
      return [[key, { success_rate: successes / samples, avg_latency: seconds, total_samples: samples }]];
    });
    return Object.fromEntries(entries);
  }
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

export const vectorOf = (layout: RoundLayout, signals: Signals): Float64Array =>
  encodeSignal(layout, { reward_signals: signals }).vector;

/** What a liar sends, given what it saw. */
export type Lie = (layout: RoundLayout, honest: Signals, random: () => number) => Float64Array;

const mapSignals = (signals: Signals, change: (signal: RewardSignal) => RewardSignal): Signals =>
  Object.fromEntries(Object.entries(signals).map(([key, signal]) => [key, change(signal)]));

const everyKey = (layout: RoundLayout, make: (samples: number) => RewardSignal): Signals => {
  const samples = Math.floor(layout.max_requests_per_router / layout.keys.length);
  return Object.fromEntries(layout.keys.map((key) => [key, make(samples)]));
};

export const lies = {
  /** As many requests as allowed, all of them fast successes: in range. */
  boasts: (layout) =>
    vectorOf(
      layout,
      everyKey(layout, (samples) => ({ success_rate: 1, avg_latency: 0, total_samples: samples })),
    ),
  /** As many requests as allowed, all of them slow failures: in range. */
  smears: (layout) =>
    vectorOf(
      layout,
      everyKey(layout, (samples) => ({ success_rate: 0, avg_latency: 60, total_samples: samples })),
    ),
  /**
   * Its own traffic with success and failure exchanged, five times as slow: in range, no more requests than others
   * send.
   */
  inverts: (layout, honest) =>
    vectorOf(
      layout,
      mapSignals(honest, (signal) => ({
        ...signal,
        success_rate: 1 - signal.success_rate,
        avg_latency: Math.min(60, 5 * signal.avg_latency),
      })),
    ),
  /** Any rates and latencies, differing from key to key: in range. */
  invents: (layout, honest, random) =>
    vectorOf(
      layout,
      mapSignals(honest, (signal) => ({ ...signal, success_rate: random(), avg_latency: 60 * random() })),
    ),
  /** A thousand times as much as a router may send: out of range. */
  exceeds: (layout, honest) => vectorOf(layout, honest).map((value) => 1000 * value),
  /** More successes than requests, in range coordinate by coordinate. */
  contradicts: (layout, honest) => {
    const width = layout.fields.length;
    const bounds = layout.fields.map(
      (field) => layout.max_requests_per_router * (field.bound_units - field.centre_units),
    );
    return vectorOf(layout, honest).map((value, i) =>
      layout.fields[i % width].name === 'samples' ? value : bounds[i % width],
    );
  },
  /** Random words. */
  garbage: (layout, _honest, random) =>
    Float64Array.from({ length: layout.keys.length * layout.fields.length }, () =>
      Math.floor((random() - 0.5) * 2 ** layout.word_bits),
    ),
} satisfies Record<string, Lie>;
