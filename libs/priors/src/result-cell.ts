import { DEFAULT_WITHHOLD_BELOW } from '@secagg/schema';
import { cellOfSums } from './sums-cell';
import { type CellEvidence, type Measure, type NoisyRatio, type ResultRound } from './evidence';

const NAME = {
  success: 'success_rate',
  latency: 'avg_latency',
  quality: 'quality_score',
  cost: 'cost_efficiency',
} as const satisfies Record<Measure, string>;

/**
 * A published entry as sums again. The covariance of sum and count does not stand in a result; the one taken makes the
 * variance of the mean exactly the published one at the published mean. Optional means count with the samples of the
 * entry that they are published with: their own counts are not published, but the standard error follows from them.
 */
export function cellOfResult(round: ResultRound, key: string): CellEvidence | undefined {
  const { signals, details, withheld, noise = 0 } = round;
  if (Object.hasOwn(details, key) && Object.hasOwn(signals, key)) {
    const { unclamped, standard_errors: errors } = details[key];
    const count = unclamped.total_samples;
    const countVariance = errors.total_samples ** 2;
    const ratios: Partial<Record<Measure, NoisyRatio>> = {};
    for (const [measure, name] of Object.entries(NAME) as [Measure, (typeof NAME)[Measure]][]) {
      const mean = unclamped[name];
      const error = errors[name];
      if (mean === undefined || error === undefined) continue;
      ratios[measure] = {
        sum: mean * count,
        count,
        sumVariance: (error * count) ** 2 + mean * mean * countVariance,
        countVariance,
        covariance: mean * countVariance,
      };
    }
    const own =
      round.own &&
      cellOfSums({ kind: 'sums', layout: round.own.layout, sums: round.own.vector, noiseVariance: 0 }, key);
    if (own?.kind === 'measured') {
      for (const [measure, ratio] of Object.entries(ratios) as [Measure, NoisyRatio][]) {
        const { sum = 0, count: requests = 0 } = own.ratios[measure] ?? {};
        ratios[measure] = { ...ratio, sum: ratio.sum - sum, count: ratio.count - requests };
      }
      return {
        kind: 'measured',
        samples: { value: count - own.samples.value, variance: countVariance },
        ratios,
        isWithheld: false,
      };
    }
    return { kind: 'measured', samples: { value: count, variance: countVariance }, ratios, isWithheld: false };
  }
  const entry = withheld.find((cell) => cell.key === key && cell.measure === undefined);
  if (!entry) return undefined;
  if (entry.reason !== 'noise' && entry.reason !== 'no_samples') return { kind: 'unknown' };
  return {
    kind: 'censored',
    below: entry.reason === 'noise' ? DEFAULT_WITHHOLD_BELOW * noise : 0.5,
    variance: noise * noise,
  };
}
