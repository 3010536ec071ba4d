/**
 * Keeps the statement of the current documents fresh, from the coordinator and from a folder, and tells once whenever
 * this node begins or stops taking part without one.
 */
import { pause } from '@secagg/client';
import { freshnessLeft, freshnessProblem, type FreshnessState, type FreshnessStatus } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { type Node } from '../node';
import { type DocumentsFolder } from './documents-folder';
import { describe } from './fleet-keeper';

const LOOK_MS = 1000;
/**
 * How often the coordinator is asked, as parts of the age that the policy allows; more often once a newer statement is
 * due.
 */
const ASKS = 8;
const ASKS_WHEN_DUE = 64;
const SELDOM_MS = 900_000;
const OFTEN_MS = 60_000;
/** Where the policy asks for none: a statement still tells of newer documents. */
const UNASKED_MS = 3_600_000;

type Parts = Pick<Node, 'fleet' | 'metrics' | 'log' | 'now'>;

export class FreshnessWatch {
  private told: FreshnessState | undefined;
  private askAtMs = 0;

  constructor(
    private readonly node: Parts,
    private readonly folder: DocumentsFolder | undefined,
  ) {}

  /** Runs until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { fleet, now } = this.node;
    for (;;) {
      this.folder?.look();
      if (fleet.view && now() >= this.askAtMs) await this.ask(signal);
      this.look();
      await pause(LOOK_MS, signal);
    }
  }

  /** Tells what has changed. */
  look(): void {
    const { fleet, metrics, log, now } = this.node;
    const status = fleet.freshness();
    if (!status) return;
    metrics.freshnessLeft(freshnessLeft(status, now()));
    if (status.state === this.told) return;
    const before = this.told;
    this.told = status.state;
    const problem = freshnessProblem(status);
    if (problem !== undefined)
      log.error(
        { freshness: status.state, detail: problem, code: 'stale_documents' },
        'not taking part: hand this node the newest policy and roster, and a new statement (secagg fleet publish), or find out why its coordinator has none',
      );
    else if (status.state === 'grace')
      log.warn(
        { freshness: status.state, stops_at: new Date(status.stopsAtMs as number).toISOString() },
        'a new statement of the current documents is due',
      );
    else if (status.state === 'not_required')
      log.info(
        'the policy asks for no statement of current documents: if they are kept back, this node does not notice',
      );
    else if (before !== undefined) log.info({ freshness: status.state }, 'the documents count as current again');
  }

  private async ask(signal: AbortSignal): Promise<void> {
    const { fleet, log, now } = this.node;
    try {
      await fleet.fetchStatement(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) throw error;
      log.debug({ detail: describe(error) }, 'cannot fetch a newer statement of the current documents');
    }
    this.askAtMs = now() + this.interval(fleet.freshness()) * (0.75 + Math.random() / 2);
  }

  private interval(status: FreshnessStatus | undefined): number {
    const maxAgeMs = this.node.fleet.view?.policy.freshness?.max_age_ms;
    if (maxAgeMs === undefined) return UNASKED_MS;
    const [parts, mostMs] = status?.state === 'fresh' ? [ASKS, SELDOM_MS] : [ASKS_WHEN_DUE, OFTEN_MS];
    return Math.min(mostMs, Math.max(LOOK_MS, maxAgeMs / parts));
  }
}
