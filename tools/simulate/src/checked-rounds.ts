/**
 * Rounds of the real protocol in one process, with noise: nothing comes out of one unless its sums opened to exactly
 * what the routers sent.
 */
import { auditTranscript, LocalFleet, noiseVariance, type RoundPlan, runCommittee } from '@secagg/protocol';
import {
  accumulate,
  type FieldSpec,
  type RewardObservation,
  type RoundLayout,
  transcriptMessage,
} from '@secagg/schema';
import { ExpectedSums } from './expected-sums';
import { UnsafeRecorder } from './randomness';

export const DELTA_INVERSE = 1_000_000;
const roundMs = 60_000;

export interface CheckedRoundsOptions {
  readonly routers: number;
  /** Routers that take part in every round at least: noise is planned for them. */
  readonly minParticipants: number;
  readonly keys: readonly string[];
  readonly fields: readonly FieldSpec[];
  readonly maxRequests: number;
  /** zCDP cost of each round. */
  readonly rho: number;
  readonly seed?: string;
}

export interface CheckedRound {
  readonly layout: RoundLayout;
  readonly sums: Float64Array;
  /** On each coordinate. */
  readonly noiseVariance: number;
  readonly participants: number;
  /** What each router put in, without its noise; undefined for those that were not there. */
  readonly vectors: readonly (Float64Array | undefined)[];
}

export class CheckedRounds {
  readonly cluster: string;
  private readonly fleet: LocalFleet;
  private readonly recorder: UnsafeRecorder;
  private readonly plan: Omit<RoundPlan, 'round' | 'cluster'>;
  private nowMs = Date.now();

  constructor({ routers, minParticipants, keys, fields, maxRequests, rho, seed }: CheckedRoundsOptions) {
    this.recorder = new UnsafeRecorder(seed);
    this.fleet = new LocalFleet({
      routers,
      committee: { size: 4, threshold: 2 },
      random: this.recorder.random,
      nowMs: this.nowMs,
    });
    this.cluster = this.fleet.cluster;
    this.fleet.startEpoch(this.nowMs);
    this.plan = {
      keys: [...keys].sort(),
      fields,
      maxRequestsPerRouter: maxRequests,
      minParticipantsPerGroup: minParticipants,
      maxParticipants: routers,
      groups: 1,
      privacy: { unit: 'request', rho, deltaInverse: DELTA_INVERSE },
      sendDelayMs: 0,
      durationMs: 1000,
    };
  }

  /**
   * @param observations of every router; undefined for one that is not there. Throws an Error unless the sums open to
   * exactly what was sent.
   */
  run(observations: readonly (readonly RewardObservation[] | undefined)[]): CheckedRound {
    const { fleet, recorder } = this;
    this.nowMs += roundMs;
    const { key, config } = fleet.announce(this.plan, this.nowMs);
    const open = fleet.coordinator.open(key);
    const expected = new ExpectedSums(config);
    const vectors = observations.map((seen, i) => {
      if (!seen) return undefined;
      const router = fleet.routers[i];
      const { vector } = accumulate(config.layout, seen);
      const [sent, copy] = [vector.slice(), vector.slice()];
      const { result: bytes, again } = recorder.recording(() =>
        router.build(router.check(open, this.nowMs), sent, this.nowMs),
      );
      router.send(fleet.coordinator, key, bytes);
      expected.add(router.identity.id, copy, again);
      return vector;
    });
    runCommittee(fleet.coordinator, fleet.members, this.nowMs + this.plan.durationMs);
    const audited = auditTranscript(
      fleet.authority.publicKey,
      transcriptMessage.decode(fleet.coordinator.publish(key)),
    );
    if (audited.kind !== 'opened') throw new Error('the round was aborted');
    expected.check(audited);
    fleet.forget(key);
    const participants = vectors.filter((vector) => vector !== undefined).length;
    const [{ values }] = audited.sums;
    return {
      layout: config.layout,
      sums: values,
      noiseVariance: noiseVariance(config, participants),
      participants,
      vectors,
    };
  }
}
