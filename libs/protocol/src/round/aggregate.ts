/** From the opened sums of a round to the signal that routers use (PROTOCOL sections 6 and 7). */
import { type DecodedSums, decodeSums } from '@secagg/schema';
import { type AuditedRound } from '../auditor/audit-round';
import { noiseVariance, type RoundPrivacyCost, withNoise } from './privacy';

export interface AggregateResult extends DecodedSums {
  readonly privacy: RoundPrivacyCost;
  readonly participants: readonly string[];
}

/**
 * Decodes the sums of all opened groups together. `participant_count` is the number of contributions in them;
 * `privacy_budget_used` is the round's epsilon at its delta, `noise_scale` the standard deviation of the noise on a sample count;
 * both are absent without noise, when nothing is claimed.
 */
export function aggregateResult(audited: Extract<AuditedRound, { kind: 'opened' }>): AggregateResult {
  const { config } = audited.round;
  const total = new Float64Array(audited.round.dimension);
  for (const { values } of audited.sums) for (let i = 0; i < total.length; i++) total[i] += values[i];
  const participants = audited.set.groups.flatMap((group) => group.members.map((entry) => entry.header.router as string)).sort();
  const variance = noiseVariance(config, participants.length);
  const samplesScale = config.layout.fields.find((field) => field.name === 'samples')?.scale as number;
  const decoded = decodeSums(config.layout, total, {
    noiseVariance: variance,
    header: {
      aggregation_round: config.round,
      cluster_hash: config.cluster,
      participant_count: participants.length,
      timestamp: new Date(config.deadline_ms).toISOString(),
      ...(withNoise(config) ? { privacy_budget_used: audited.cost.epsilon, noise_scale: Math.sqrt(variance) / samplesScale } : {}),
    },
  });
  return { ...decoded, privacy: audited.cost, participants };
}
