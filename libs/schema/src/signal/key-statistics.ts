import { SecaggError } from '../problems';
import { WeightedMean } from './weighted-mean';
import { compareKeys } from './key';
import { type RewardSignal } from './signal';

/** What is gathered of one key before it becomes an entry of a signal. Optional means have weights of their own. */
export class KeyStatistics {
  private readonly success = new WeightedMean();
  private readonly latency = new WeightedMean();
  private readonly quality = new WeightedMean();
  private readonly cost = new WeightedMean();

  /** `samples` requests with these means; those that are undefined do not count towards their mean. */
  add(
    means: { success: number; latency: number; quality?: number | undefined; cost?: number | undefined },
    samples: number,
  ): void {
    this.success.add(means.success, samples);
    this.latency.add(means.latency, samples);
    if (means.quality !== undefined) this.quality.add(means.quality, samples);
    if (means.cost !== undefined) this.cost.add(means.cost, samples);
  }

  /** Only after at least one `add`. Throws `invalid` when the samples add up to more than 2^53 - 1. */
  signal(): RewardSignal {
    const samples = this.success.weight;
    if (!Number.isSafeInteger(samples))
      throw new SecaggError('invalid', 'too many samples to count', { path: 'total_samples' });
    const quality = this.quality.mean;
    const cost = this.cost.mean;
    return {
      success_rate: this.success.mean ?? 0,
      avg_latency: this.latency.mean ?? 0,
      total_samples: samples,
      ...(quality === undefined ? {} : { quality_score: quality }),
      ...(cost === undefined ? {} : { cost_efficiency: cost }),
    };
  }
}

/** Statistics by key, made on first use. */
export class StatisticsByKey {
  private readonly byKey = new Map<string, KeyStatistics>();

  of(key: string): KeyStatistics {
    let statistics = this.byKey.get(key);
    if (statistics === undefined) this.byKey.set(key, (statistics = new KeyStatistics()));
    return statistics;
  }

  /** Entries of a signal, keys in increasing order. */
  signals(): Record<string, RewardSignal> {
    const keys = [...this.byKey.keys()].sort(compareKeys);
    return Object.fromEntries(keys.map((key) => [key, this.of(key).signal()]));
  }
}
