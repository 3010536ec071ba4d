/** What a round says of a key, for people to read. */
import { type RoundHistoryPage } from '@secagg/client';
import { cellOf, MEASURES, type NoisyRatio, type RoundEvidence } from '@secagg/priors';
import { DEFAULT_WITHHOLD_BELOW } from '@secagg/schema';

type Shown = Pick<RoundHistoryPage['rounds'][number], 'state' | 'requests' | 'means'>;

/** A mean is shown where its count is published; the others would be read as more than they are. */
export function cellShown(round: RoundEvidence, key: string): Shown {
  const cell = cellOf(round, key);
  if (!cell) return { state: 'not_in_catalogue', requests: null, means: {} };
  if (cell.kind !== 'measured' || cell.isWithheld) return { state: 'withheld', requests: null, means: {} };
  const { value, variance } = cell.samples;
  const means = MEASURES.flatMap((measure) => {
    const ratio = cell.ratios[measure];
    return ratio && ratio.count > DEFAULT_WITHHOLD_BELOW * Math.sqrt(ratio.countVariance) && ratio.count > 0.5
      ? [[measure, meanOf(ratio)]]
      : [];
  });
  return {
    state: 'published',
    requests: { value, standard_error: Math.sqrt(variance) },
    means: Object.fromEntries(means) as Shown['means'],
  };
}

function meanOf({ sum, count, sumVariance, countVariance, covariance }: NoisyRatio) {
  const value = sum / count;
  const variance = Math.max(0, sumVariance - 2 * value * covariance + value * value * countVariance);
  return { value, standard_error: Math.sqrt(variance) / count };
}
