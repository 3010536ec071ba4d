/** What a fleet knows through rounds of the real protocol, with noise for a privacy budget over all of them. */
import { epsilonToRho } from '@secagg/dp-noise';
import { decodeSums, defaultFields, type RewardObservation, type RoundLayout, splitSignalKey } from '@secagg/schema';
import { CheckedRounds, DELTA_INVERSE } from '../checked-rounds';
import { type Knowledge, noisyEvidence, type Outcome } from './evidence';
import { keyOf, MODELS, TASKS } from './world';

export interface FederationOptions {
  readonly routers: number;
  readonly rounds: number;
  /** Of all rounds together, at delta 10^-6. */
  readonly epsilon: number;
  readonly maxRequests: number;
  readonly seed?: string;
}

export class Federation {
  private readonly checked: CheckedRounds;
  /** Sums of all rounds: adding up what is published costs no privacy. */
  private sums: Float64Array | undefined;
  private variance = 0;
  private known: Knowledge = () => undefined;

  constructor({ routers, rounds, epsilon, maxRequests, seed }: FederationOptions) {
    this.checked = new CheckedRounds({
      routers,
      minParticipants: routers,
      keys: Array.from({ length: MODELS * TASKS }, (_, i) => keyOf(Math.floor(i / TASKS), i % TASKS)),
      // The routers go by success rates: latencies only have to be there.
      fields: defaultFields({ weights: { latency: 1 / 16 } }),
      maxRequests,
      rho: epsilonToRho(epsilon, 1 / DELTA_INVERSE) / rounds,
      seed,
    });
  }

  /** One round. Throws an Error unless the sums open to exactly what the routers sent. */
  share(outcomes: readonly (readonly Outcome[])[]): void {
    const round = this.checked.run(outcomes.map((seen) => seen.map(observationOf)));
    const before = this.sums;
    this.sums = before ? round.sums.map((value, i) => value + before[i]) : round.sums;
    this.variance += round.noiseVariance;
    this.known = this.decode(round.layout, this.sums, round.participants);
  }

  /** What all rounds so far say. Keys whose counts drown in the noise are unknown. */
  readonly knowledge: Knowledge = (model, task) => this.known(model, task);

  private decode(layout: RoundLayout, sums: Float64Array, participants: number): Knowledge {
    const { signal, details } = decodeSums(layout, sums, {
      noiseVariance: this.variance,
      withholdBelow: 3,
      header: {
        aggregation_round: 1,
        cluster_hash: this.checked.cluster,
        participant_count: participants,
        timestamp: new Date(0).toISOString(),
      },
    });
    return (model, task) => {
      const key = keyOf(model, task);
      const entry = signal.reward_signals[key];
      return entry && noisyEvidence(entry.success_rate, entry.total_samples, details[key].standard_errors.success_rate);
    };
  }
}

function observationOf({ model, task, success }: Outcome): RewardObservation {
  return { ...splitSignalKey(keyOf(model, task)), success, latency_s: 1 };
}
