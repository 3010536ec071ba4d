import {
  coordinatorReasons,
  type EvidenceKind,
  type ProblemCode,
  type PutOffReason,
  routerNodeReasons,
} from '@secagg/schema';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createAlarmMetrics, createQuotaMetrics } from './alarms';
import { createContributionMetrics } from './contributions';
import { createFailureCounters } from './failures';
import { createFreshnessMetric } from './freshness';
import { createImplausibleCounter } from './implausible';
import { createIngestMetrics, type IngestMetrics } from './ingest';
import { createMisbehaviourCounter } from './misbehaviour';
import { type BudgetsByCluster, createBudgetMetrics } from './privacy-budget';
import { createPutOffMetric } from './put-off';
import { createReadinessMetric } from './readiness';
import { createFleetMetrics, createRoundMetrics } from './rounds';
import { createSuspicionMetrics, type SuspicionCounts } from './suspicion';

/**
 * One function per event. Arguments are counts, durations, problem codes, clusters of the fleet policy, and keys of a
 * public catalogue; the only labels are words out of fixed lists, `cluster` and `key`. So no router id and no value of
 * a contribution can reach the exposition.
 */
interface CommonMetrics {
  /** Media type of `exposition`. */
  readonly contentType: string;
  /** All metrics of the process in Prometheus' text format. */
  exposition(): Promise<string>;
  /** A request or message was refused. */
  messageRefused(code: ProblemCode): void;
  /** A round ended without a result, or its result did not verify. */
  roundFailed(code: ProblemCode): void;
  /** Clusters of the policy that this process takes part in: their counters are there from now on, at zero. */
  clustersKnown(clusters: Iterable<string>): void;
  /** What the ledgers say of their window. */
  privacyBudget(budgets: BudgetsByCluster): void;
  /** A party's misbehaviour was proven, and the evidence kept. */
  misbehaviourProven(kind: EvidenceKind): void;
  /** A round has no usable result, because no honest routers can have sent its sums. */
  roundImplausible(cluster: string): void;
  /**
   * Time until this party stops for want of a newer statement of the current documents; undefined where none is needed.
   */
  freshnessLeft(seconds: number | undefined): void;
  /** For which of the reasons of `/readyz` this service is not ready. */
  notReady(reasons: ReadonlySet<string>): void;
}

export interface CoordinatorMetrics extends CommonMetrics {
  /** A contribution was checked in `seconds` and durably accepted. The same bytes again are no new event. */
  contributionAccepted(cluster: string, seconds: number): void;
  /** A contribution was checked in `seconds` and refused; the refusal is counted by `messageRefused`. */
  contributionChecked(seconds: number): void;
  /** A result was published, `seconds` after the announcement; `rate` = participants per active router, 0 to 1. */
  roundCompleted(cluster: string, seconds: number, participants: number, rate: number): void;
  /** Routers heard from within the activity window. */
  nodesActive(count: number): void;
  /**
   * By cluster of the policy: routers that scores over rounds name, and those of them in quarantine. Others are
   * forgotten.
   */
  routersSuspected(counts: SuspicionCounts): void;
  /** The rounds of a cluster's interval are put off for this reason, or for none. */
  roundsPutOff(cluster: string, reason: PutOffReason | undefined): void;
}

export interface RouterNodeMetrics extends CommonMetrics, IngestMetrics {
  /** This router's contribution got its receipt. */
  contributionSent(cluster: string): void;
  /** As a committee member: a contribution was checked in `seconds` and stays in. */
  contributionChecked(seconds: number): void;
  /**
   * This router's contribution was refused, or as a committee member a contribution was left out; `seconds` for the
   * latter.
   */
  contributionRefused(code: ProblemCode, seconds?: number): void;
  /** A result was verified, `seconds` after the announcement. */
  roundVerified(cluster: string, seconds: number, participants: number): void;
  /** A round was decided without a contribution that the coordinator had acknowledged; the evidence is kept. */
  receiptNotHonoured(cluster: string): void;
  /** Whether observations whose key the last catalogue lacks are not kept any more. */
  unlistedQuotaFull(full: boolean): void;
}

export interface MetricsOptions<App extends 'coordinator' | 'router-node'> {
  readonly app: App;
  /** CPU, memory, event loop and garbage collection of the process. Default true. */
  readonly processMetrics?: boolean;
}

export function createMetrics(options: MetricsOptions<'coordinator'>): CoordinatorMetrics;
export function createMetrics(options: MetricsOptions<'router-node'>): RouterNodeMetrics;
export function createMetrics(
  options: MetricsOptions<'coordinator' | 'router-node'>,
): CoordinatorMetrics | RouterNodeMetrics {
  // A registry of its own: two apps in one process (tests, simulations) do not mix.
  const registry = new Registry();
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry });
  const failed = createFailureCounters(registry);
  const contributions = createContributionMetrics(registry);
  const rounds = createRoundMetrics(registry);
  const implausible = createImplausibleCounter(registry);
  const alarms = options.app === 'router-node' ? createAlarmMetrics(registry) : undefined;
  const byCluster = [contributions, rounds, implausible, ...(alarms ? [alarms] : [])];
  const common: CommonMetrics = {
    contentType: registry.contentType,
    exposition: () => registry.metrics(),
    messageRefused: failed,
    roundFailed: failed,
    clustersKnown: (clusters) => {
      for (const cluster of clusters) for (const each of byCluster) each.open(cluster);
    },
    privacyBudget: createBudgetMetrics(registry),
    misbehaviourProven: createMisbehaviourCounter(registry),
    roundImplausible: implausible.count,
    freshnessLeft: createFreshnessMetric(registry),
    notReady: createReadinessMetric(registry, options.app === 'coordinator' ? coordinatorReasons : routerNodeReasons),
  };
  if (alarms) {
    return {
      ...common,
      contributionSent: contributions.counted,
      contributionChecked: contributions.validated,
      contributionRefused: (code, seconds) => {
        failed(code);
        if (seconds !== undefined) contributions.validated(seconds);
      },
      roundVerified: rounds.ended,
      receiptNotHonoured: alarms.count,
      ...createQuotaMetrics(registry),
      ...createIngestMetrics(registry),
    };
  }
  const fleet = createFleetMetrics(registry);
  return {
    ...common,
    contributionAccepted: (cluster, seconds) => {
      contributions.counted(cluster);
      contributions.validated(seconds);
    },
    contributionChecked: contributions.validated,
    roundCompleted: (cluster, seconds, participants, rate) => {
      rounds.ended(cluster, seconds, participants);
      fleet.participation(cluster, rate);
    },
    nodesActive: fleet.nodesActive,
    routersSuspected: createSuspicionMetrics(registry),
    roundsPutOff: createPutOffMetric(registry),
  };
}
