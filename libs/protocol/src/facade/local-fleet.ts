/** A whole fleet in one process: authority, certificates, policy, an epoch with its committee. */
import { generateIdentityKey } from '@secagg/crypto';
import {
  type ClusterHash,
  type ClusterPolicy,
  createClusterHash,
  type FleetPolicy,
  type PartyId,
  type RandomBytes,
  type RoundConfig,
  type Signed,
} from '@secagg/schema';
import { announceRound } from '../coordinator/announce-round';
import { startEpoch } from '../coordinator/start-epoch';
import { type RoundPlan } from '../coordinator/plan-round';
import { type CoordinatorTimings, roundOf } from '../coordinator/state';
import {
  type Authority,
  clusterTerms,
  createAuthority,
  issueCertificate,
  policyTerms,
  signPolicy,
  signRoster,
} from '../fleet/authority';
import { type FleetView, verifyFleet } from '../fleet/fleet-view';
import { signFreshness, takeFreshness } from '../fleet/freshness';
import { roundKey } from '../round/verified-round';
import { type Identity } from '../wire/identity';
import { type RouterLimits } from '../round/limits';
import { LocalCoordinator, LocalMember, LocalRouter, runCommittee } from './local-parties';

export interface LocalFleetOptions {
  readonly routers: number;
  /** Members are the first routers. */
  readonly committee: { readonly size: number; readonly threshold: number };
  readonly random: RandomBytes;
  readonly nowMs: number;
  readonly clusterHash?: ClusterHash;
  readonly cluster?: Partial<ClusterPolicy>;
  readonly policy?: Partial<Pick<FleetPolicy, 'suites' | 'sealing_suites' | 'clock_tolerance_ms' | 'freshness'>>;
  readonly limits?: Partial<RouterLimits>;
  readonly timings?: Partial<CoordinatorTimings>;
}

const year = 365 * 86_400_000;
const allTheBudget = Number.MAX_SAFE_INTEGER;
const defaultTimings: CoordinatorTimings = {
  reportGraceMs: 1000,
  answerGraceMs: 1000,
  proposalTimeoutMs: 10_000,
  undecidedTimeoutMs: 60_000,
};

export class LocalFleet {
  readonly authority: Authority;
  readonly view: FleetView;
  readonly cluster: ClusterHash;
  readonly coordinator: LocalCoordinator;
  readonly members: readonly LocalMember[];
  readonly routers: readonly LocalRouter[];

  constructor(options: LocalFleetOptions) {
    const { random, nowMs } = options;
    this.authority = createAuthority('local', random);
    this.cluster = options.clusterHash ?? createClusterHash('local', 'local');
    const certificates: Signed[] = [];
    const identity = (id: string, roles: ('router' | 'committee' | 'coordinator')[]): Identity => {
      const { publicKey, secretKey } = generateIdentityKey(random);
      certificates.push(
        issueCertificate(this.authority, {
          id,
          roles,
          publicKey,
          organisation: 'local',
          serial: certificates.length + 1,
          notBeforeMs: nowMs - year,
          notAfterMs: nowMs + year,
        }),
      );
      return { id: id as PartyId, secretKey };
    };
    const coordinator = identity('coordinator', ['coordinator']);
    const { size } = options.committee;
    const parties = Array.from({ length: options.routers }, (_, i) =>
      identity(`router-${i}`, i < size ? ['router', 'committee'] : ['router']),
    );
    const policy = signPolicy(
      this.authority,
      policyTerms({
        issued_at_ms: nowMs,
        clusters: [
          clusterTerms(this.cluster, {
            min_participants_per_group: 1,
            max_round_rho_units: allTheBudget,
            budget_rho_units: allTheBudget,
            privacy_units: ['router', 'request'],
            max_groups: 1024,
            ...options.cluster,
          }),
        ],
        committee: { ...options.committee, candidates: parties.slice(0, size).map((party) => party.id) },
        ...options.policy,
      }),
    );
    const roster = signRoster(this.authority, {
      version: 1,
      issuedAtMs: nowMs,
      notAfterMs: nowMs + year,
      certificates,
    });
    this.view = verifyFleet(this.authority.publicKey, { policy, roster });
    const limits: RouterLimits = {
      privacyUnit: 'request',
      maxRoundRhoUnits: allTheBudget,
      budget: { units: allTheBudget, window: 'lifetime' },
      minHonestPerGroup: 1,
      unsafeNoNoise: false,
      ...options.limits,
    };
    this.coordinator = new LocalCoordinator(this.view, coordinator, { ...defaultTimings, ...options.timings });
    this.routers = parties.map((party) => new LocalRouter(this.view, party, limits, random));
    this.members = parties.slice(0, size).map((party) => new LocalMember(this.view, party, random));
    if (options.policy?.freshness) this.renewFreshness(nowMs);
  }

  /** The authority states to everybody that its documents are the current ones. */
  renewFreshness(nowMs: number): void {
    const { freshness } = this.view.policy;
    const proof = signFreshness(this.authority, this.view.documents, {
      issuedAtMs: nowMs,
      notAfterMs: nowMs + (freshness?.max_age_ms ?? year),
    });
    for (const party of [this.coordinator, ...this.members, ...this.routers])
      party.commit({ events: takeFreshness(party.state, proof, nowMs), reply: undefined });
  }

  /** Sets up a new epoch with all members. */
  startEpoch(nowMs: number): void {
    this.coordinator.commit(startEpoch(this.coordinator.state, year, nowMs));
    runCommittee(this.coordinator, this.members, nowMs);
  }

  /**
   * Announces the next round, also beside open ones: whoever has the whole fleet knows. Returns its key and
   * configuration.
   */
  announce(plan: Omit<RoundPlan, 'round' | 'cluster'>, nowMs: number): { key: string; config: RoundConfig } {
    const { coordinator, cluster } = this;
    coordinator.commit(announceRound(coordinator.state, coordinator.context, { ...plan, cluster }, nowMs, true));
    const key = roundKey(cluster, coordinator.state.latestRound.get(cluster) as number);
    return { key, config: roundOf(coordinator.state, key).verified.config };
  }

  /** Drops everything kept about a finished round; the parties' ledgers and highest round numbers stay. */
  forget(key: string): void {
    this.coordinator.forget(key);
    for (const member of this.members) member.forget(key);
    for (const router of this.routers) router.forget(key);
  }
}
