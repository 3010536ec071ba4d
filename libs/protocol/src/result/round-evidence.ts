/**
 * What priors are made from, of a round that was verified (docs/priors.md, "Evidence"): the same for everyone who
 * recomputes it.
 */
import { noiseVariance, withNoise } from '../round/privacy';
import { type OpenedRound } from './audited-round';
import { type PublishedResult } from './published-result';

/** @returns undefined where no honest fleet can have produced the round */
export function roundEvidence(
  audited: OpenedRound,
  {
    signal,
    details,
    withheld,
    participants,
    implausible,
    privacy,
  }: Pick<PublishedResult, 'signal' | 'details' | 'withheld' | 'participants' | 'privacy'> & {
    readonly implausible?: unknown;
  },
) {
  if (implausible) return undefined;
  const { config, dimension } = audited.round;
  const layout = { keys: config.layout.keys, fields: config.layout.fields };
  return {
    cluster: config.cluster,
    round: config.round,
    timeMs: config.deadline_ms,
    participants: participants.length,
    ...(withNoise(config) && privacy.epsilon !== null ? { epsilon: privacy.epsilon } : {}),
    layout,
    /** Not everything in it is withheld. */
    isOfUse: Object.keys(signal.reward_signals).length > 0,
    source:
      config.combination === 'sum'
        ? {
            kind: 'sums' as const,
            layout,
            sums: totalOf(audited.sums, dimension),
            noiseVariance: noiseVariance(config, participants.length),
          }
        : {
            kind: 'result' as const,
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
