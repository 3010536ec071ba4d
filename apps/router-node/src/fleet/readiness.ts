/**
 * Whether this node can do its work, for `/readyz`, the status, the log and a metric (docs/operations.md, Readiness).
 * What the authority has signed counts at once; what the coordinator answers counts by the rule of polls.ts. Nothing
 * that a node does depends on it: it goes on asking.
 */
import { pause } from '@secagg/client';
import { ReadinessLog } from '@secagg/host';
import {
  certificateProblem,
  clusterPolicy,
  clusterUnknown,
  documentProblems,
  type FleetView,
  nameProblems,
} from '@secagg/protocol';
import { type NotReady, type RouterNodeReason } from '@secagg/schema';
import { named } from '../config';
import { type Router } from '../participant/router';

const LOOK_MS = 1000;
/** Another process may lock the store for a moment. */
const STORE_PATIENCE_MS = 2000;
/**
 * Looking at the store is a write: done when somebody asks, at most once in this time, and so often while it has
 * failed.
 */
const STORE_LOOK_MS = 1000;
const FAILED_STORE_LOOK_MS = 10_000;

type Problem = NotReady<RouterNodeReason>;

export class Readiness {
  private readonly log: ReadinessLog;
  private isWritable = true;
  private isLooking = false;
  private lookedAtMs = -Infinity;

  constructor(
    private readonly router: Router,
    private readonly hasSeats: boolean,
  ) {
    this.log = new ReadinessLog(router.log, router.metrics.notReady);
  }

  /** Runs until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await pause(LOOK_MS, signal);
      if (!this.isWritable && performance.now() - this.lookedAtMs > FAILED_STORE_LOOK_MS) void this.lookAtStore();
      this.log.tell(this.problems());
    }
  }

  /** Brings the metric up to date. */
  show(): void {
    this.log.show(this.problems());
  }

  /** What keeps this node from its work, as far as it is known without a look at the disk. */
  problems(): Problem[] {
    const { fleet, contact, now } = this.router;
    const { view } = fleet;
    const freshness = fleet.freshness();
    return [
      ...(this.isWritable ? [] : [unwritable]),
      ...(view && freshness
        ? [...documentProblems(view, freshness, now()), ...this.ofDocuments(view)]
        : [withoutDocuments]),
      ...contact.polls.problems(),
    ];
  }

  /**
   * Whether observations can be taken, as the look at the store before this one has found. Starts another, and does not
   * wait for it: how long it takes tells how busy this router is, and anybody may ask.
   */
  storeProblems(): Problem[] {
    if (performance.now() - this.lookedAtMs > STORE_LOOK_MS) void this.lookAtStore();
    return this.isWritable ? [] : [unwritable];
  }

  private async lookAtStore(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    this.lookedAtMs = performance.now();
    const { store, observations } = this.router;
    try {
      await store.unlocked(STORE_PATIENCE_MS);
      // The answer that is waiting for this turn of the event loop leaves first.
      await pause(0);
      store.check();
      await observations.check();
      this.isWritable = true;
    } catch {
      this.isWritable = false;
    } finally {
      this.isLooking = false;
    }
  }

  private ofDocuments(view: FleetView): Problem[] {
    const { config, context, now } = this.router;
    const { identity } = context;
    const has = (role: 'router' | 'committee') => certificateProblem(view, identity, role, now());
    const asRouter = has('router');
    const asMember = has('committee');
    const { candidates } = view.policy.committee;
    const isCandidate = candidates.includes(identity.id);
    const found: Problem[] = [];
    // One that serves on the committee alone is no router of a cluster.
    if (asRouter && (asMember || !isCandidate)) found.push(asRouter);
    else if (isCandidate && asMember) found.push(asMember);
    if (isCandidate && !asMember && !this.hasSeats) found.push(withoutStoreKey());
    if (asRouter) return found;
    const cluster = view.policy.clusters.find((entry) => entry.cluster === config.cluster);
    if (!cluster) return [...found, clusterUnknown(view, config.cluster, named('cluster'))];
    const { members } = clusterPolicy(view, config.cluster);
    if (members.length > 0 && !members.includes(identity.id))
      found.push({
        reason: 'not_a_member',
        detail: `the policy (version ${view.policy.version}) does not name ${identity.id} as a member of its cluster`,
        action: `publish a policy with it (secagg fleet policy --members), or set ${named('cluster')} to its own cluster`,
      });
    return [...found, ...nameProblems(view, cluster, now())];
  }
}

const unwritable: Problem = {
  reason: 'store_unwritable',
  detail: 'the store cannot be written',
  action: 'make room on the disk, or look at its faults: observations are refused until then',
};
const withoutDocuments: Problem = {
  reason: 'fleet_unknown',
  detail: 'this node has no fleet documents yet',
  action: 'let it reach its coordinator, or hand them to it (secagg fleet publish, or its documents folder)',
};
const withoutStoreKey = (): Problem => ({
  reason: 'store_key_missing',
  detail: 'the policy names this node as a committee candidate, and it takes no seats without a store key',
  action: `set ${named('storeKeyFile')}, or publish a policy that does not name it`,
});
