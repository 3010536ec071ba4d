/**
 * Whether this coordinator can do its part in rounds, for `/readyz`, the log and a metric (docs/operations.md,
 * Readiness and what to do).
 */
import { type Part, ReadinessLog } from '@secagg/host';
import { type CoordinatorMetrics } from '@secagg/metrics';
import {
  certificateProblem,
  clusterUnknown,
  documentProblems,
  type FleetView,
  freshnessOf,
  nameProblems,
} from '@secagg/protocol';
import { type CoordinatorReason, type NotReady } from '@secagg/schema';
import { type Logger } from 'pino';
import { type Engine } from './engine';
import { planProblems, planProblemText } from './rounds/plan-problems';
import { type ClusterPlan } from './rounds/start-round';

type Problem = NotReady<CoordinatorReason>;

const LOOK_MS = 1000;
/**
 * Looking at the store is a write, and anybody may ask: so often it is done at most, and all who ask meanwhile get what
 * it found.
 */
const STORE_LOOK_MS = 500;
/** And so often while it has failed and nobody asks. */
const FAILED_STORE_LOOK_MS = 10_000;

export class Readiness implements Part {
  readonly name = 'readiness';
  private readonly log: ReadinessLog;
  private timer: NodeJS.Timeout | undefined;
  private isWritable = true;
  private storeLook: { readonly atMs: number; readonly done: Promise<void> } | undefined;
  /** Of the plans, under these documents. */
  private judged: { readonly view: FleetView; readonly problems: readonly Problem[] } | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly plans: readonly ClusterPlan[],
    private readonly closing: AbortSignal,
    logger: Logger,
    metrics: Pick<CoordinatorMetrics, 'notReady'>,
  ) {
    this.log = new ReadinessLog(logger, (reasons) => metrics.notReady(reasons));
  }

  start(): void {
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.look();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Tells what has changed. */
  look(): void {
    if (!this.isWritable && performance.now() - (this.storeLook?.atMs ?? 0) > FAILED_STORE_LOOK_MS)
      void this.lookAtStore();
    this.log.tell(this.problems());
  }

  /** What keeps it from its part, as far as it is known without a look at the store. */
  problems(): Problem[] {
    const { journal, context, now } = this.engine;
    const { state } = journal;
    const certificate = certificateProblem(state.view, context.identity, 'coordinator', now());
    return [
      ...this.ofService(),
      ...documentProblems(state.view, freshnessOf(state, now()), now()),
      ...(certificate ? [certificate] : []),
      ...this.ofPlans(state.view),
      ...this.ofNames(state.view),
    ];
  }

  /** Whether requests can be served. */
  async lookAtStore(): Promise<Problem[]> {
    if (!this.storeLook || performance.now() - this.storeLook.atMs > STORE_LOOK_MS)
      this.storeLook = { atMs: performance.now(), done: this.engine.store.check() };
    try {
      await this.storeLook.done;
      this.isWritable = true;
    } catch {
      this.isWritable = false;
    }
    return this.ofService();
  }

  private ofService(): Problem[] {
    return [...(this.closing.aborted ? [shuttingDown] : []), ...(this.isWritable ? [] : [unwritable])];
  }

  private ofPlans(view: FleetView): readonly Problem[] {
    if (this.judged?.view !== view)
      this.judged = { view, problems: this.plans.flatMap((plan) => problemsOf(view, plan)) };
    return this.judged.problems;
  }

  private ofNames(view: FleetView): Problem[] {
    const planned = new Set<string>(this.plans.map(({ cluster }) => cluster));
    const members = view.policy.clusters.flatMap((cluster) => (planned.has(cluster.cluster) ? cluster.members : []));
    return nameProblems(view, { members }, this.engine.now());
  }
}

function problemsOf(view: FleetView, plan: ClusterPlan): Problem[] {
  const known = view.policy.clusters.some(({ cluster }) => cluster === plan.cluster);
  if (!known) return [clusterUnknown(view, plan.cluster, 'clusters in the configuration file')];
  return planProblems(view, plan).map((problem) => ({
    reason: 'plan_conflict',
    detail: `the plan of cluster ${plan.cluster} breaks the fleet policy: ${planProblemText(problem)}`,
    action:
      'change it in the configuration file and start again, or publish a policy that allows it: no round of the cluster starts until then',
  }));
}

const shuttingDown: Problem = {
  reason: 'shutting_down',
  detail: 'the service is shutting down',
  action: 'wait, or ask another replica',
};
const unwritable: Problem = {
  reason: 'store_unwritable',
  detail: 'the journal takes no writes',
  action: 'look at the disk, or at the database and the way to it',
};
