/** Warnings about the rounds that clusters are configured for, judged by the fleet documents in force. */
import { type Journal } from '../journal';
import { planProblems, planProblemText } from './plan-problems';
import { scheduleWarnings } from './schedule';
import { type TriggeredCluster } from './triggers';

export class ScheduleWarnings {
  /** @param warn called for each cluster at once, and again when the documents change */
  constructor(
    private readonly journal: Pick<Journal, 'state' | 'onEvent'>,
    private readonly clusters: readonly TriggeredCluster[],
    private readonly warn: (cluster: string, warnings: readonly string[]) => void,
  ) {
    this.warnAll();
    journal.onEvent(({ type }) => {
      if (type === 'fleet-updated') this.warnAll();
    });
  }

  /** What of the cluster's configuration does not fit, in words: of its plan, and of its schedule. */
  all(cluster: string): string[] {
    const { view } = this.journal.state;
    const problems = this.of(cluster).flatMap(({ plan }) => planProblems(view, plan).map(planProblemText));
    return [...problems, ...this.ofSchedule(cluster)];
  }

  private of(cluster: string): TriggeredCluster[] {
    return this.clusters.filter(({ plan }) => plan.cluster === cluster);
  }

  private ofSchedule(cluster: string): string[] {
    return this.of(cluster).flatMap((triggered) => scheduleWarnings(this.journal.state.view, triggered));
  }

  private warnAll(): void {
    for (const { plan } of this.clusters) this.warn(plan.cluster, this.ofSchedule(plan.cluster));
  }
}
