/** What is compared between groups: their own means and their counts per participant. */
import { decodeSums, type Measure, type RoundConfig } from '@secagg/schema';
import { noiseVariance } from '../round/privacy';
import { type GroupSums } from './plausibility';

export interface GroupEntry {
  /** Position of the group in the list that was given. */
  readonly position: number;
  readonly value: number;
  /** Standard deviation of the value due to noise; 0 without noise. */
  readonly noise: number;
  /** Participants of the group. */
  readonly size: number;
}

/**
 * One measure of one key, in the groups in which it is usable; in the units of the signal, `total_samples` per
 * participant.
 */
export interface GroupStatistic {
  readonly key: string;
  readonly measure: Measure;
  readonly entries: readonly GroupEntry[];
}

const MEANS = ['success_rate', 'avg_latency', 'quality_score', 'cost_efficiency'] as const;

/**
 * All statistics of a round, key by key, of which at least one group has a value.
 *
 * A mean is compared as each group's own ratio. A ratio of coordinatewise medians would take its numerator from one
 * group and its denominator from another: it is the mean of nobody's requests, and follows how requests are spread over
 * groups. Groups whose count is too small beside its noise (5 standard errors, as in `decodeSums`) have no usable
 * ratio.
 */
export function groupStatistics(config: RoundConfig, groups: readonly GroupSums[]): GroupStatistic[] {
  const { layout } = config;
  const header = {
    aggregation_round: config.round,
    cluster_hash: config.cluster,
    participant_count: 1,
    timestamp: new Date(config.deadline_ms).toISOString(),
  };
  const decoded = groups.map(({ size, values }) =>
    decodeSums(layout, values, { noiseVariance: noiseVariance(config, size), header }),
  );
  const width = layout.fields.length;
  const samples = layout.fields.findIndex((field) => field.name === 'samples');
  const { scale } = layout.fields[samples];
  return layout.keys.flatMap((key, k) => {
    const counts = groups.map(({ size, values }, position): GroupEntry => {
      const perParticipant = size * scale;
      return {
        position,
        value: values[k * width + samples] / perParticipant,
        noise: Math.sqrt(noiseVariance(config, size)) / perParticipant,
        size,
      };
    });
    const means = MEANS.map(
      (measure): GroupStatistic => ({
        key,
        measure,
        entries: decoded.flatMap(({ details }, position) => {
          const value = details[key]?.unclamped[measure];
          if (value === undefined) return [];
          return [
            { position, value, noise: details[key].standard_errors[measure] as number, size: groups[position].size },
          ];
        }),
      }),
    );
    return [
      { key, measure: 'total_samples' as const, entries: counts },
      ...means.filter(({ entries }) => entries.length > 0),
    ];
  });
}
