/** Keeps an epoch in force: starts a new one when it is needed, and another when one does not complete in time. */
import { certificateOf, type CoordinatorState, startEpoch } from '@secagg/protocol';
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
export function epochNeeded(state: CoordinatorState, settings: Pick<EpochSettings, 'renewBeforeMs'>, nowMs: number): string | undefined {
  const { epoch, view } = state;
  if (!epoch) return 'there is none';
  if (epoch.epoch.policy_version !== view.policy.version) return 'the policy has changed';
  if (epoch.epoch.not_after_ms - nowMs < settings.renewBeforeMs) return 'it is about to end';
  for (const { id } of epoch.epoch.members) {
    try {
      certificateOf(view, id, 'committee', nowMs);
    } catch (error) {
      if (error instanceof SecaggError) return `${id} is no member any more: ${error.code}`;
      throw error;
    }
  }
  return undefined;
}

export class AutoEpochs {
  private timer: NodeJS.Timeout | undefined;
  private attempts = 0;
  private lastStart: { epoch: number; atMs: number } | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly settings: EpochSettings,
    private readonly onStarted: (epoch: number, why: string) => void,
    private readonly onError: (error: unknown) => void,
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
    const { state } = journal;
    try {
      const why = epochNeeded(state, this.settings, now());
      if (why === undefined) {
        this.attempts = 0;
        return;
      }
      if (this.isUnderWay(state)) return;
      const step = startEpoch(state, this.settings.lifetimeMs, now());
      this.attempts += 1;
      this.lastStart = { epoch: step.reply.epoch, atMs: now() };
      void journal.commit(step);
      this.onStarted(step.reply.epoch, why);
    } catch (error) {
      this.onError(error);
    }
  }

  private isUnderWay(state: CoordinatorState): boolean {
    const { now } = this.engine;
    const newest = Math.max(0, ...state.epochs.keys());
    const pending = state.epochs.get(newest);
    if (!pending || pending.verified) return false;
    const { policy, roster } = state.view;
    // Members take seats under the newest documents only: one under others cannot complete.
    if (pending.terms.policy_version !== policy.version || pending.terms.roster_version !== roster.version) return false;
    // One from before a restart, or an operator's, gets its time from when it is first seen here.
    if (this.lastStart?.epoch !== newest) this.lastStart = { epoch: newest, atMs: now() };
    const patience = this.settings.setupTimeoutMs * Math.min(LONGEST_BACKOFF, 2 ** Math.max(0, this.attempts - 1));
    return now() - this.lastStart.atMs < patience;
  }
}
