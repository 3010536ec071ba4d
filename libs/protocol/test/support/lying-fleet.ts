/** Rounds of a fleet with liars, as the opened sums of its groups: the statistics without the cryptography. */
import { type PartyId, type RewardSignal, type RoundConfig } from '@secagg/schema';
import { gaussianFrom, uniform } from '@secagg/testbed/random';
import { groupOf, type GroupSums, noiseVariance } from '../../src';
import { type Lie, type Signals, type Traffic, vectorOf } from './routing-traffic';

export interface SimulatedRound {
  readonly config: RoundConfig;
  /** Opened groups: those that reach the minimum. */
  readonly sums: readonly GroupSums[];
  readonly groups: readonly { readonly group: number; readonly routers: readonly string[] }[];
  /** Over all honest routers. */
  readonly truth: Signals;
  /** Opened groups with at least one liar. */
  readonly spoiled: ReadonlySet<number>;
}

export interface LyingFleetOptions {
  readonly config: RoundConfig;
  readonly traffic: Traffic;
  readonly routers: number;
  readonly liars: ReadonlyMap<number, Lie>;
  readonly seed: number;
}

export const routerName = (index: number): string => `router-${index}`;

export class LyingFleet {
  private readonly random: () => number;
  private readonly gaussian: () => number;

  constructor(private readonly options: LyingFleetOptions) {
    this.random = uniform(options.seed);
    this.gaussian = gaussianFrom(this.random);
  }

  round(number: number): SimulatedRound {
    const { traffic, routers, liars } = this.options;
    const config = { ...this.options.config, round: number as RoundConfig['round'] };
    const { layout } = config;
    const seen = Array.from({ length: routers }, (_, i) => traffic.signals(i));
    const members = new Map<number, number[]>();
    seen.forEach((_, i) => {
      const group = groupOf(config, routerName(i) as PartyId);
      members.set(group, [...(members.get(group) ?? []), i]);
    });
    const opened = [...members]
      .filter(([, of]) => of.length >= config.min_participants_per_group)
      .sort(([a], [b]) => a - b);
    const sums = opened.map(([group, of]): GroupSums => {
      const noise = Math.sqrt(noiseVariance(config, of.length));
      const values = Float64Array.from({ length: layout.keys.length * layout.fields.length }, () =>
        Math.round(noise * this.gaussian()),
      );
      for (const i of of) {
        const vector = liars.get(i)?.(layout, seen[i], this.random) ?? vectorOf(layout, seen[i]);
        vector.forEach((value, c) => {
          values[c] += value;
        });
      }
      return { group, size: of.length, values: centred(values, layout.word_bits) };
    });
    return {
      config,
      sums,
      groups: opened.map(([group, of]) => ({ group, routers: of.map(routerName) })),
      truth: pooled(seen.filter((_, i) => !liars.has(i))),
      spoiled: new Set(opened.filter(([, of]) => of.some((i) => liars.has(i))).map(([group]) => group)),
    };
  }
}

/** Sums are known modulo 2^bits, and taken to be the representative around 0. */
const centred = (values: Float64Array, bits: number): Float64Array =>
  values.map((value) => Number(BigInt.asIntN(bits, BigInt(value))));

/** Rates and latencies over all requests of all routers. */
export function pooled(signals: readonly Signals[]): Signals {
  const keys = new Set(signals.flatMap((of) => Object.keys(of)));
  return Object.fromEntries(
    [...keys].map((key): [string, RewardSignal] => {
      const entries = signals.flatMap((of) => (of[key] ? [of[key]] : []));
      const samples = entries.reduce((sum, entry) => sum + entry.total_samples, 0);
      const mean = (of: (entry: RewardSignal) => number) =>
        entries.reduce((sum, entry) => sum + of(entry) * entry.total_samples, 0) / samples;
      return [
        key,
        {
          total_samples: samples,
          success_rate: mean((entry) => entry.success_rate),
          avg_latency: mean((entry) => entry.avg_latency),
        },
      ];
    }),
  );
}
