/** What a fleet knows through rounds of the real protocol, with noise for a privacy budget over all of them. */
import { epsilonToRho } from '@secagg/dp-noise';
import { auditTranscript, LocalFleet, noiseVariance, type RoundPlan, runCommittee } from '@secagg/protocol';
import {
  accumulate,
  decodeSums,
  defaultFields,
  type RewardObservation,
  type RoundLayout,
  splitSignalKey,
  transcriptMessage,
} from '@secagg/schema';
import { ExpectedSums } from '../expected-sums';
import { UnsafeRecorder } from '../randomness';
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

const DELTA_INVERSE = 1_000_000;
const roundMs = 60_000;

export class Federation {
  private readonly fleet: LocalFleet;
  private readonly recorder: UnsafeRecorder;
  private readonly plan: Omit<RoundPlan, 'round' | 'cluster'>;
  /** Sums of all rounds: adding up what is published costs no privacy. */
  private readonly sums: Float64Array;
  private variance = 0;
  private nowMs = Date.now();
  private known: Knowledge = () => undefined;

  constructor({ routers, rounds, epsilon, maxRequests, seed }: FederationOptions) {
    this.recorder = new UnsafeRecorder(seed);
    this.fleet = new LocalFleet({
      routers,
      committee: { size: 4, threshold: 2 },
      random: this.recorder.random,
      nowMs: this.nowMs,
    });
    this.fleet.startEpoch(this.nowMs);
    const keys = Array.from({ length: MODELS * TASKS }, (_, i) => keyOf(Math.floor(i / TASKS), i % TASKS)).sort();
    // The routers go by success rates: latencies only have to be there.
    const fields = defaultFields({ weights: { latency: 1 / 16 } });
    this.plan = {
      keys,
      fields,
      maxRequestsPerRouter: maxRequests,
      minParticipantsPerGroup: routers,
      maxParticipants: routers,
      groups: 1,
      privacy: {
        unit: 'request',
        rho: epsilonToRho(epsilon, 1 / DELTA_INVERSE) / rounds,
        deltaInverse: DELTA_INVERSE,
      },
      sendDelayMs: 0,
      durationMs: 1000,
    };
    this.sums = new Float64Array(keys.length * fields.length);
  }

  /** One round. Throws an Error unless the sums open to exactly what the routers sent. */
  share(outcomes: readonly (readonly Outcome[])[]): void {
    const { fleet, recorder } = this;
    this.nowMs += roundMs;
    const { key, config } = fleet.announce(this.plan, this.nowMs);
    const open = fleet.coordinator.open(key);
    const expected = new ExpectedSums(config);
    fleet.routers.forEach((router, i) => {
      const { vector } = accumulate(config.layout, outcomes[i].map(observationOf));
      const copy = vector.slice();
      const { result: bytes, again } = recorder.recording(() =>
        router.build(router.check(open, this.nowMs), vector, this.nowMs),
      );
      router.send(fleet.coordinator, key, bytes);
      expected.add(router.identity.id, copy, again);
    });
    runCommittee(fleet.coordinator, fleet.members, this.nowMs + this.plan.durationMs);
    const audited = auditTranscript(
      fleet.authority.publicKey,
      transcriptMessage.decode(fleet.coordinator.publish(key)),
    );
    if (audited.kind !== 'opened') throw new Error('the round was aborted');
    expected.check(audited);
    fleet.forget(key);
    for (const { values } of audited.sums)
      values.forEach((value, i) => {
        this.sums[i] += value;
      });
    this.variance += noiseVariance(config, fleet.routers.length);
    this.known = this.decode(config.layout);
  }

  /** What all rounds so far say. Keys whose counts drown in the noise are unknown. */
  readonly knowledge: Knowledge = (model, task) => this.known(model, task);

  private decode(layout: RoundLayout): Knowledge {
    const { signal, details } = decodeSums(layout, this.sums, {
      noiseVariance: this.variance,
      withholdBelow: 3,
      header: {
        aggregation_round: 1,
        cluster_hash: this.fleet.cluster,
        participant_count: this.fleet.routers.length,
        timestamp: new Date(this.nowMs).toISOString(),
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
