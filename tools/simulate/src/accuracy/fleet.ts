/**
 * Rounds of the real protocol in one process, on given requests: real noise, encryption, votes, and an audit of what is
 * published.
 */
import { clipToL2Ball, epsilonToRho } from '@secagg/dp-noise';
import {
  type AggregateResult,
  aggregateResult,
  auditTranscript,
  LocalFleet,
  noiseVariance,
  type RoundPlan,
  runCommittee,
} from '@secagg/protocol';
import {
  accumulate,
  defaultFields,
  type FieldOptions,
  type RewardObservation,
  type RoundConfig,
  signalKey,
  transcriptMessage,
} from '@secagg/schema';
import { ExpectedSums } from '../expected-sums';
import { UnsafeRecorder } from '../randomness';
import { routerClipNorm } from './router-clip';

export type Unit = 'request' | 'router';

export const DELTA_INVERSE = 1_000_000;

/** Routers may send this many requests a round; what they do send is not known when the layout is made. */
const MAX_REQUESTS = 4096;
const roundMs = 60_000;

export interface AccuracyFleetOptions {
  readonly unit: Unit;
  /** Requests of each router of one copy of the fleet. */
  readonly requests: readonly (readonly RewardObservation[])[];
  /** Every router's requests are seen by this many routers. */
  readonly copies: number;
  /** Costs are always sent. */
  readonly fields: FieldOptions;
  readonly expectedRequests: number;
  readonly seed?: string;
}

export interface AccuracyRound {
  readonly config: RoundConfig;
  readonly result: AggregateResult;
  /** Noisy count of requests by key, withheld or not. */
  readonly counts: ReadonlyMap<string, number>;
  /** Variance of the noise in the sums, measured over the coordinates, over what the published parameters say. */
  readonly noiseRatio: number;
  readonly clippedRouters: number;
}

export class AccuracyFleet {
  readonly routers: number;
  private readonly fleet: LocalFleet;
  private readonly recorder: UnsafeRecorder;
  private readonly plan: Omit<RoundPlan, 'round' | 'cluster' | 'privacy'>;
  private readonly clipNorm: number;
  /** By router of one copy; the fields are the same in every round. */
  private vectors: readonly Float64Array[] | undefined;
  private nowMs = Date.now();

  constructor(private readonly options: AccuracyFleetOptions) {
    const { unit, requests, copies, seed } = options;
    this.routers = requests.length * copies;
    this.recorder = new UnsafeRecorder(seed);
    this.fleet = new LocalFleet({
      routers: this.routers,
      committee: { size: 4, threshold: 2 },
      random: this.recorder.random,
      nowMs: this.nowMs,
      limits: { privacyUnit: unit },
    });
    this.fleet.startEpoch(this.nowMs);
    const keys = [...new Set(requests.flat().map(({ model, task }) => signalKey(model, task)))].sort();
    const fields = defaultFields({ ...options.fields, cost: true });
    this.clipNorm = routerClipNorm(fields, keys.length, options.expectedRequests);
    this.plan = {
      keys,
      fields,
      maxRequestsPerRouter: MAX_REQUESTS,
      minParticipantsPerGroup: this.routers,
      maxParticipants: this.routers,
      groups: 1,
      sendDelayMs: 0,
      durationMs: 1000,
    };
  }

  /** One round that costs `epsilon` at delta 10^-6. Throws an Error unless the sums open to exactly what went in. */
  run(epsilon: number): AccuracyRound {
    const { fleet, plan, options } = this;
    this.nowMs += roundMs;
    const privacy: RoundPlan['privacy'] = {
      unit: options.unit,
      rho: epsilonToRho(epsilon, 1 / DELTA_INVERSE),
      deltaInverse: DELTA_INVERSE,
      ...(options.unit === 'router' ? { routerClipNorm: this.clipNorm } : {}),
    };
    const { key, config } = fleet.announce({ ...plan, privacy }, this.nowMs);
    const { expected, clean, clippedRouters } = this.contributeAll(key, config);
    runCommittee(fleet.coordinator, fleet.members, this.nowMs + plan.durationMs);
    const audited = auditTranscript(
      fleet.authority.publicKey,
      transcriptMessage.decode(fleet.coordinator.publish(key)),
    );
    fleet.forget(key);
    if (audited.kind !== 'opened') throw new Error('the round was aborted');
    expected.check(audited);
    const [{ values }] = audited.sums;
    const samples = config.layout.fields.findIndex((field) => field.name === 'samples');
    const counts = config.layout.keys.map(
      (name, k) =>
        [name, values[k * config.layout.fields.length + samples] / config.layout.fields[samples].scale] as const,
    );
    const square = values.reduce((sum, value, i) => sum + (value - clean[i]) ** 2, 0) / values.length;
    return {
      config,
      result: aggregateResult(audited),
      counts: new Map(counts),
      noiseRatio: square / noiseVariance(config, this.routers),
      clippedRouters,
    };
  }

  private contributeAll(key: string, config: RoundConfig) {
    this.vectors ??= this.options.requests.map((requests) => accumulate(config.layout, requests).vector);
    const { coordinator, routers } = this.fleet;
    const open = coordinator.open(key);
    const expected = new ExpectedSums(config);
    const clean = new Float64Array(config.layout.keys.length * config.layout.fields.length);
    let clippedRouters = 0;
    for (const [i, router] of routers.entries()) {
      const vector = this.vectors[i % this.vectors.length].slice();
      const sent = vector.slice();
      if (config.privacy.unit === 'router' && clipToL2Ball(sent, config.privacy.clip_norm)) clippedRouters++;
      const round = router.check(open, this.nowMs);
      const { result: bytes, again } = this.recorder.recording(() => router.build(round, vector, this.nowMs));
      router.send(coordinator, key, bytes);
      for (let j = 0; j < clean.length; j++) clean[j] += sent[j];
      expected.add(router.identity.id, sent, again);
    }
    return { expected, clean, clippedRouters };
  }
}
