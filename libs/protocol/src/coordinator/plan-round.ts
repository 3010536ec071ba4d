/** From what an operator wants of a round to the announced configuration (docs/protocol.md, "Announcement"). */
import { honestQuorum, planNoise, rhoToBudgetUnits } from '@secagg/dp-noise';
import {
  type ClusterHash,
  type Combination,
  type FieldSpec,
  requestNorm,
  requiredWordBits,
  type RoundConfig,
  roundConfigMessage,
  type RoundNumber,
  SecaggError,
  type Signed,
} from '@secagg/schema';
import { signDocument } from '../wire/documents';
import { type VerifiedEpoch } from '../epoch/verified-epoch';
import { leastColluders } from '../fleet/assumed-colluders';
import { clusterPolicy, type FleetView } from '../fleet/fleet-view';
import { chooseSuite } from '../round/choose-suite';
import { type Identity } from '../wire/identity';
import { noiseStdDevUnits, withPrivacyErrors } from '../round/privacy';
import { type VerifiedRound, verifyAnnouncement } from '../round/verified-round';

export interface RoundPlan {
  readonly cluster: ClusterHash;
  readonly round: RoundNumber;
  /** Catalogue, strictly increasing. */
  readonly keys: readonly string[];
  readonly fields: readonly FieldSpec[];
  readonly maxRequestsPerRouter: number;
  readonly minParticipantsPerGroup: number;
  readonly maxParticipants: number;
  readonly groups: number;
  /**
   * How groups become one result; default `sum`. The others need 3 groups or more, and withstand less than half of them
   * being spoiled.
   */
  readonly combination?: Combination;
  /** By default the one that costs the committee least, of those that the policy allows. */
  readonly suite?: RoundConfig['suite'];
  readonly privacy: {
    readonly unit: 'router' | 'request';
    /** L2 bound of a router's whole vector, for unit `router`; with unit `request` it follows from the layout. */
    readonly routerClipNorm?: number;
    /** Target cost of the round; `unsafe-none`: no noise and no privacy claim. */
    readonly rho: number | 'unsafe-none';
    /** Per group; by default the least that the policy lets a round assume. */
    readonly assumedColluders?: number;
    readonly deltaInverse: number;
  };
  readonly sendDelayMs: number;
  readonly durationMs: number;
}

/**
 * Builds, signs and checks an announcement. Throws `policy` or `invalid` when the plan does not fit the fleet or the
 * layout.
 */
export function planRound(
  view: FleetView,
  epoch: VerifiedEpoch,
  identity: Identity,
  plan: RoundPlan,
  nowMs: number,
): VerifiedRound {
  const shape = {
    keys: [...plan.keys],
    fields: [...plan.fields],
    max_requests_per_router: plan.maxRequestsPerRouter,
    max_participants: plan.maxParticipants,
  };
  const dimension = plan.keys.length * plan.fields.length;
  const { unit, rho } = plan.privacy;
  const clipNorm = unit === 'request' ? requestNorm(shape) : plan.privacy.routerClipNorm;
  if (clipNorm === undefined)
    throw new SecaggError('invalid', 'privacy unit `router` needs a clip norm', { path: 'privacy.routerClipNorm' });
  const policy = clusterPolicy(view, plan.cluster);
  const assumedColluders =
    plan.privacy.assumedColluders ??
    (rho === 'unsafe-none' ? policy.min_assumed_colluders : leastColluders(view.policy.committee, policy));
  const variance =
    rho === 'unsafe-none'
      ? { numerator: 0, denominator: 1 }
      : withPrivacyErrors(() =>
          planNoise({
            units: rhoToBudgetUnits(rho),
            sensitivity: clipNorm,
            honestQuorum: honestQuorum(plan.minParticipantsPerGroup, assumedColluders),
            dimension,
          }),
        ).shareVariance;
  const wordBits = requiredWordBits({
    ...shape,
    noiseStdDevUnits: noiseStdDevUnits(plan.maxParticipants, variance),
  });
  const config: RoundConfig = {
    v: 1,
    fleet: view.fleet,
    cluster: plan.cluster,
    round: plan.round,
    round_time_ms: nowMs,
    send_from_ms: nowMs + plan.sendDelayMs,
    deadline_ms: nowMs + plan.durationMs,
    coordinator: identity.id,
    epoch: epoch.body.epoch,
    epoch_hash: epoch.hash,
    policy_version: view.policy.version,
    roster_version: view.roster.version,
    suite: plan.suite ?? chooseSuite(view.policy.suites, dimension, wordBits, plan.maxParticipants),
    layout: {
      ...shape,
      word_bits: wordBits,
    },
    privacy: {
      unit,
      clip_norm: clipNorm,
      noise_variance_numerator: variance.numerator,
      noise_variance_denominator: variance.denominator,
      assumed_colluders: assumedColluders,
      delta_inverse: plan.privacy.deltaInverse,
    },
    groups: plan.groups,
    combination: plan.combination ?? 'sum',
    min_participants_per_group: plan.minParticipantsPerGroup,
    max_participants: plan.maxParticipants,
  };
  const announcement: Signed = signDocument(roundConfigMessage, view.fleet, config, identity.secretKey);
  return verifyAnnouncement(view, epoch, announcement);
}
