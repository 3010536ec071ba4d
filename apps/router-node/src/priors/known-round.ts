/** What priors need of a round that was verified; undefined where no honest fleet can have produced it. */
import { type PublishedSignal } from '@secagg/client';
import { type AuditedRound, noiseVariance, withNoise } from '@secagg/protocol';
import { type KnownRound } from '../store/round-history';

export function knownRound(
  audited: Extract<AuditedRound, { kind: 'opened' }>,
  { signal, details, withheld, participants, implausible, privacy }: PublishedSignal,
): KnownRound | undefined {
  if (implausible) return undefined;
  const { config, dimension } = audited.round;
  const { keys, fields } = config.layout;
  const layout = { keys, fields };
  const isSum = config.combination === 'sum';
  return {
    cluster: config.cluster,
    round: config.round,
    timeMs: config.deadline_ms,
    participants: participants.length,
    ...(withNoise(config) && privacy.epsilon !== null ? { epsilon: privacy.epsilon } : {}),
    layout,
    isOfUse: Object.keys(signal.reward_signals).length > 0,
    source: isSum
      ? {
          kind: 'sums',
          layout,
          sums: totalOf(audited.sums, dimension),
          noiseVariance: noiseVariance(config, participants.length),
        }
      : {
          kind: 'result',
          signals: signal.reward_signals,
          details,
          withheld,
          ...(signal.noise_scale === undefined ? {} : { noise: signal.noise_scale }),
        },
  };
}

function totalOf(sums: readonly { readonly values: Float64Array }[], dimension: number): Float64Array {
  const total = new Float64Array(dimension);
  for (const { values } of sums) for (let i = 0; i < dimension; i++) total[i] += values[i];
  return total;
}
