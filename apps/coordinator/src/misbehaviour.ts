/**
 * Keeps evidence of proven misbehaviour: what refusals bring, what answers of a round show, and what others hand in.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { evidenceOfLiars, ProvenMisbehaviour, recordMisbehaviour, verifyEvidence } from '@secagg/protocol';
import { type Bytes, type EvidenceKind, SecaggError } from '@secagg/schema';
import { type Logger } from 'pino';
import { type Engine } from './engine';

/** Evidence that a replica has found and could not write is not found again by another one. */
const TRIES = 10;
const TRY_EVERY_MS = 3000;

export class MisbehaviourKeeper {
  /** @param proven counts it */
  constructor(
    private readonly engine: Engine,
    private readonly log: Logger,
    private readonly proven: (kind: EvidenceKind) => void,
  ) {
    const { journal } = engine;
    journal.onEvent((event, elsewhere) => {
      // The replica that took the answer keeps what it proves.
      if (event.type !== 'answer-received' || elsewhere) return;
      try {
        for (const evidence of evidenceOfLiars(journal.state, event.key)) void this.keepOwn(evidence);
      } catch (error) {
        this.log.error({ error }, 'evidence could not be put together');
      }
    });
  }

  /** Keeps the evidence that a refusal comes with. */
  refused(cause: unknown): void {
    if (cause instanceof ProvenMisbehaviour) void this.keepOwn(cause.evidence);
  }

  /**
   * Evidence found here holds; should it not, that is for the log and no reason to end. A shared database may be away
   * for a while.
   */
  private async keepOwn(evidence: Bytes): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.keep(evidence);
      } catch (error) {
        const isAway = error instanceof SecaggError && error.code === 'unavailable';
        if (!isAway || tries === TRIES) return this.log.error({ error }, 'evidence could not be kept');
      }
      await pause(TRY_EVERY_MS, undefined, { ref: false });
    }
  }

  /** Resolves when it is durable. Throws what does not hold about it, and `unavailable` as every commit. */
  async keep(evidence: Bytes): Promise<void> {
    const { journal, now } = this.engine;
    // Many signatures may have to be checked: not in the turn, which others wait for.
    const proven = verifyEvidence(journal.state.view.authorityKey, evidence);
    const isNew = await journal.commit((state) => {
      const events = recordMisbehaviour(state, evidence, now(), proven);
      return { events, reply: events.length > 0 };
    });
    if (!isNew) return;
    const { kind, party, serial, cluster, round, epoch } = proven;
    this.proven(kind);
    this.log.error({ kind, party, serial, cluster, round, epoch }, 'misbehaviour is proven');
  }
}
