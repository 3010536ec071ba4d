/** Tells of every change of a service's readiness: one log line, however often somebody asks, and a metric. */
import { type NotReady } from '@secagg/schema';
import { type Logger } from 'pino';

export class ReadinessLog {
  private told = '';

  constructor(
    private readonly log: Logger,
    private readonly metric: (reasons: ReadonlySet<string>) => void,
  ) {}

  /** Brings the metric up to date. */
  show(found: readonly NotReady[]): void {
    this.metric(new Set(found.map(({ reason }) => reason)));
  }

  /** The same, and a line when the reasons are others than before. */
  tell(found: readonly NotReady[]): void {
    this.show(found);
    const reasons = [...new Set(found.map(({ reason }) => reason))].sort();
    const now = found.map(whatChanges).sort().join();
    if (now === this.told) return;
    this.told = now;
    if (found.length === 0) this.log.info('ready again: nothing is in the way any more');
    else
      this.log.warn(
        { reasons, detail: found.map(({ detail }) => detail), action: found.map(({ action }) => action) },
        'not ready',
      );
  }
}

/** The words of a failed call differ from one attempt to the next; what signed documents say does not. */
const whatChanges = ({ reason, detail }: NotReady): string =>
  reason.startsWith('coordinator_') ? reason : `${reason}: ${detail}`;
