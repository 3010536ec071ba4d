/** Keeps an epoch in force: starts a new one when it is needed, and another when one does not complete in time. */
import { type Part } from '@secagg/host';
import { certificateOf, type CoordinatorState, isOfNow, newestEpoch, startEpoch } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { type Engine } from '../engine';

export interface EpochSettings {
  /** How long an epoch is to last; the policy may allow less. */
  readonly lifetimeMs: number;
  /** How long before its end an epoch is replaced. */
  readonly renewBeforeMs: number;
  /** How long a set-up may take before it is tried again under the next number; doubles up to 16 times that. */
  readonly setupTimeoutMs: number;
}

const LOOK_MS = 250;
const LONGEST_BACKOFF = 16;

/** Why a new epoch is needed at `nowMs`, or undefined. */
export function epochNeeded(
  state: CoordinatorState,
  settings: Pick<EpochSettings, 'renewBeforeMs'>,
  nowMs: number,
): string | undefined {
  const { epoch, view } = state;
  if (!epoch) return 'there is none';
  if (epoch.body.policy_version !== view.policy.version) return 'the policy has changed';
  if (epoch.body.not_after_ms - nowMs < settings.renewBeforeMs) return 'it is about to end';
  if (!isOfNow(view, epoch.body, nowMs)) return 'it lasts longer than any may: a clock was ahead when it was made';
  for (const { id } of epoch.body.members) {
    try {
      certificateOf(view, id, 'committee', nowMs);
    } catch (error) {
      if (error instanceof SecaggError) return `${id} is no member any more: ${error.code}`;
      throw error;
    }
  }
  return undefined;
}

export class AutoEpochs implements Part {
  readonly name = 'epochs';
  private timer: NodeJS.Timeout | undefined;
  /** The newest epoch, and since when this process knows of it. */
  private newest: { epoch: number; sinceMs: number } | undefined;
  private looking = false;

  constructor(
    private readonly engine: Engine,
    private readonly settings: EpochSettings,
    private readonly onStarted: (epoch: number, why: string) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.look(), LOOK_MS);
    void this.look();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Starts an epoch if one is needed and none is under way. */
  async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    const { journal, now } = this.engine;
    let started: { epoch: number; why: string } | undefined;
    try {
      await journal.commitIfDue((state) => {
        started = undefined;
        const why = epochNeeded(state, this.settings, now());
        if (why === undefined || this.isUnderWay(state)) return { events: [], reply: undefined };
        const { events, reply } = startEpoch(state, this.settings.lifetimeMs, now());
        started = { epoch: reply.epoch, why };
        return { events, reply: undefined };
      });
      if (started) {
        this.newest = { epoch: started.epoch, sinceMs: now() };
        this.onStarted(started.epoch, started.why);
      }
    } catch (error) {
      // Of stale documents, and of a database that is away, it is told elsewhere.
      const isTold = error instanceof SecaggError && ['unavailable', 'stale_documents'].includes(error.code);
      if (!isTold) this.onError(error);
    } finally {
      this.looking = false;
    }
  }

  private isUnderWay(state: CoordinatorState): boolean {
    const { now } = this.engine;
    const newest = newestEpoch(state);
    const pending = state.epochs.get(newest);
    if (!pending || pending.verified) return false;
    const { policy, roster } = state.view;
    // Members take seats under the newest documents only: one under others cannot complete.
    if (pending.terms.policy_version !== policy.version || pending.terms.roster_version !== roster.version)
      return false;
    if (!isOfNow(state.view, pending.terms, now())) return false;
    // One from before a restart, an operator's or another replica's gets its time from when it is first seen here.
    if (this.newest?.epoch !== newest) this.newest = { epoch: newest, sinceMs: now() };
    const inForce = state.epoch?.body.epoch ?? 0;
    const failed = [...state.epochs.keys()].filter((number) => number > inForce).length - 1;
    const patience = this.settings.setupTimeoutMs * Math.min(LONGEST_BACKOFF, 2 ** Math.max(0, failed));
    const waitedMs = now() - this.newest.sinceMs;
    return waitedMs >= 0 && waitedMs < patience;
  }
}
