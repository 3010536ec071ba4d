/** Which routers are there: those that wait for a round, and those heard of lately. */
export class WaitingRouters {
  private readonly waiting = new Map<string, Map<string, number>>();
  private readonly elsewhere = new Map<string, readonly string[]>();
  private readonly lastSeenMs = new Map<string, number>();

  /**
   * Counts a router as waiting in a cluster until the returned function is called. Several waits of one router count
   * once.
   */
  enter(cluster: string, router: string, nowMs: number): () => void {
    this.seen(router, nowMs);
    const inCluster = this.waiting.get(cluster) ?? new Map<string, number>();
    this.waiting.set(cluster, inCluster);
    inCluster.set(router, (inCluster.get(router) ?? 0) + 1);
    return () => {
      const left = (inCluster.get(router) ?? 1) - 1;
      if (left > 0) inCluster.set(router, left);
      else inCluster.delete(router);
    };
  }

  seen(router: string, nowMs: number): void {
    this.lastSeenMs.set(router, nowMs);
  }

  /** Routers that wait for this cluster at other replicas; what was said before of the cluster is forgotten. */
  setElsewhere(cluster: string, routers: readonly string[]): void {
    this.elsewhere.set(cluster, routers);
  }

  /** Those that wait here, in no order. */
  waitingHere(cluster: string): string[] {
    return [...(this.waiting.get(cluster)?.keys() ?? [])];
  }

  /** Each router counts once, wherever it waits. */
  countWaiting(cluster: string): number {
    return new Set([...this.waitingHere(cluster), ...(this.elsewhere.get(cluster) ?? [])]).size;
  }

  /** Routers that wait or were heard of within `windowMs`; longer silent ones are forgotten. */
  countActive(nowMs: number, windowMs: number): number {
    for (const routers of this.waiting.values()) for (const router of routers.keys()) this.seen(router, nowMs);
    for (const [router, atMs] of this.lastSeenMs) if (nowMs - atMs > windowMs) this.lastSeenMs.delete(router);
    return this.lastSeenMs.size;
  }
}
