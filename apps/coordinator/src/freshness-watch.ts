/** Tells once whenever the fleet documents begin or cease to count as the current ones. */
import { type Part } from '@secagg/host';
import { type CoordinatorMetrics } from '@secagg/metrics';
import { freshnessLeft, freshnessOf, freshnessProblem, type FreshnessState } from '@secagg/protocol';
import { type Logger } from 'pino';
import { type Engine } from './engine';

const LOOK_MS = 1000;

export class FreshnessWatch implements Part {
  readonly name = 'freshness';
  private timer: NodeJS.Timeout | undefined;
  private told: FreshnessState | undefined;

  constructor(
    private readonly engine: Pick<Engine, 'journal' | 'now'>,
    private readonly metrics: Pick<CoordinatorMetrics, 'freshnessLeft'>,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.look();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  look(): void {
    const { journal, now } = this.engine;
    const status = freshnessOf(journal.state, now());
    this.metrics.freshnessLeft(freshnessLeft(status, now()));
    if (status.state === this.told) return;
    const before = this.told;
    this.told = status.state;
    const problem = freshnessProblem(status);
    if (problem !== undefined)
      this.log.error(
        { freshness: status.state, detail: problem, code: 'stale_documents' },
        'no round or epoch is started: hand in the newest policy and roster, and a new statement (secagg fleet publish)',
      );
    else if (status.state === 'grace')
      this.log.warn(
        { freshness: status.state, stops_at: new Date(status.stopsAtMs as number).toISOString() },
        'a new statement of the current documents is due',
      );
    else if (status.state === 'not_required')
      this.log.info('the policy asks for no statement of current documents: one that is kept back goes unnoticed');
    else if (before !== undefined) this.log.info({ freshness: status.state }, 'the documents count as current again');
  }
}
