/** What remains of a round that is over: its record, and the transcript and signal of one that was decided. */
import { setTimeout as pause } from 'node:timers/promises';
import { WordSum } from '@secagg/crypto';
import {
  buildTranscript,
  type CoordinatorEvent,
  headerHash,
  type OpenedRound,
  type PublishedResult,
  publishedResult,
  roundCost,
  type RoundState,
  suspicionEvent,
  type SuspicionEvent,
  type VerifiedDecision,
} from '@secagg/protocol';
import { type Bytes, decisionMessage, SecaggError, transcriptMessage } from '@secagg/schema';
import { type Engine } from '../engine';
import { type FinishedRound, type RoundOutput } from '../store/store';
import { countRound } from '../suspicion/scores';
import { type ContributionCache } from './contribution-cache';
import { isFinal } from './phases';

/** Longest wait for a transcript that is being written, and how often it is looked for. */
const LONGEST_WAIT_MS = 8000;
const LOOK_MS = 50;
/** A record that could not be written is tried again after this, then after twice as long, up to the longest. */
const RETRY_MS = 200;
const LONGEST_RETRY_MS = 30_000;

export class RoundFinisher {
  private readonly running = new Map<string, Promise<void>>();
  private readonly ended = new AbortController();

  constructor(
    private readonly engine: Engine,
    private readonly contributions: ContributionCache,
    private readonly onFinished: (round: FinishedRound, state: RoundState, result?: PublishedResult) => Promise<void>,
    private readonly onError: (error: unknown, key: string) => void,
  ) {}

  /**
   * Finishes every round that is over, from now on; makes up for what a crash may have left between a round's last
   * event and its record.
   */
  async watch(): Promise<void> {
    this.engine.journal.onEvent((event) => this.after(event));
    for (const [key, round] of this.engine.journal.state.rounds) {
      if (!isFinal(round.phase)) continue;
      const record = await this.engine.store.finishedRound(key);
      if (record?.phase !== round.phase) this.finish(key, round);
    }
  }

  /**
   * The stored transcript; waits for one that is being written, here or elsewhere. Undefined for a round that has none,
   * or not any more; throws `unavailable` when it takes too long.
   */
  async transcript(key: string): Promise<Bytes | undefined> {
    await this.written(key);
    return this.engine.store.transcript(key);
  }

  /** Resolves when a round that is over has its record and output; throws `unavailable` when that takes too long. */
  async written(key: string): Promise<void> {
    for (const until = performance.now() + LONGEST_WAIT_MS; ; ) {
      if (!(await this.isToBeWritten(key))) return;
      if (performance.now() > until) throw new SecaggError('unavailable', 'the outcome of the round is being written');
      await Promise.race([this.running.get(key) ?? pause(LOOK_MS), pause(LOOK_MS)]);
    }
  }

  /** Writes record and output of one round, if it is over. */
  async finishRound(key: string): Promise<void> {
    const round = this.engine.journal.state.rounds.get(key);
    if (round && isFinal(round.phase)) await this.write(key, round);
  }

  /** Resolves when nothing is being written any more; what failed is not tried again. */
  async stop(): Promise<void> {
    this.ended.abort();
    await Promise.all(this.running.values());
  }

  private async isToBeWritten(key: string): Promise<boolean> {
    const phase = this.engine.journal.state.rounds.get(key)?.phase;
    return (
      (phase === 'published' || phase === 'aborted') && (await this.engine.store.finishedRound(key))?.phase !== phase
    );
  }

  private after(event: CoordinatorEvent): void {
    if (!('key' in event)) return;
    const round = this.engine.journal.state.rounds.get(event.key);
    if (round && isFinal(round.phase) && !this.running.has(event.key)) this.finish(event.key, round);
  }

  private finish(key: string, round: RoundState): void {
    this.running.set(
      key,
      this.writeInTheEnd(key, round).finally(() => this.running.delete(key)),
    );
  }

  /**
   * Nobody else asks for the record of a round that is over, so this does not give up before the round leaves memory or
   * the service ends.
   */
  private async writeInTheEnd(key: string, round: RoundState): Promise<void> {
    for (let waitMs = RETRY_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_RETRY_MS)) {
      try {
        await this.write(key, round);
        // An undecided round may have been decided meanwhile.
        if ((await this.engine.store.finishedRound(key))?.phase === round.phase) return;
      } catch (error) {
        this.onError(error, key);
      }
      await pause(waitMs, undefined, { signal: this.ended.signal }).catch(() => undefined);
      if (this.ended.signal.aborted || !this.engine.journal.state.rounds.has(key)) return;
    }
  }

  private async write(key: string, round: RoundState): Promise<void> {
    const { journal, store, now } = this.engine;
    await journal.durable();
    const { cluster, round: number } = round.verified.config;
    const { phase, decision } = round;
    const record: FinishedRound = {
      key,
      cluster,
      round: number,
      phase,
      contributions: round.accepted.size,
      finishedAtMs: now(),
      ...(phase === 'aborted' && decision ? { decision: decisionMessage.encode(decision.decision) } : {}),
    };
    const { output, scored, result } = phase === 'undecided' ? {} : await this.output(key, round);
    await store.finishRound(record, output, scored && countRound(journal.state.view, cluster, scored));
    await this.onFinished(record, round, result);
  }

  private async output(
    key: string,
    round: RoundState,
  ): Promise<{ output: RoundOutput; scored?: SuspicionEvent; result?: PublishedResult }> {
    const { journal, context } = this.engine;
    // An abort opened nothing, so nothing of the contributions is published.
    const release = await this.contributions.hold(key, round.phase === 'aborted' ? [] : undefined);
    try {
      const transcript = transcriptMessage.encode(buildTranscript(journal.state, context, key));
      if (round.phase !== 'published') return { output: { transcript } };
      const opened = openedRound(journal.state.view, round);
      const result = publishedResult(opened);
      // A single group compares nobody, and judging it would cost a look at all keys.
      return {
        output: {
          transcript,
          signal: JSON.stringify(result),
          isEmpty: Object.keys(result.signal.reward_signals).length === 0,
        },
        scored: suspicionEvent(opened, opened.set.groups.length > 1 ? result.robust?.scores : []),
        result,
      };
    } finally {
      release();
    }
  }
}

/** The round as its own auditor would find it, from what was checked on the way. */
export function openedRound(view: OpenedRound['view'], state: RoundState): OpenedRound {
  const { verified: round, proposal, decision, result } = state;
  if (!proposal || !decision || !result) throw new SecaggError('no_decision', 'the round has not been opened');
  const sums = result.map(({ group, words }) => {
    const sum = new WordSum(round.dimension, round.config.layout.word_bits);
    sum.addPacked(words);
    const size = proposal.set.groups.find((entry) => entry.group === group)?.members.length ?? 0;
    return { group, size, values: sum.toSigned() };
  });
  return {
    kind: 'opened',
    view,
    round,
    decision: decision satisfies VerifiedDecision,
    set: proposal.set,
    sums,
    cost: roundCost(
      round.config,
      sums.map(({ size }) => size),
    ),
    hashOf: headerHash,
  };
}
