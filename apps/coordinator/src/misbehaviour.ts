/** Keeps evidence of proven misbehaviour: what refusals bring, what answers of a round show, and what others hand in. */
import { evidenceOfLiars, ProvenMisbehaviour, recordMisbehaviour, verifyEvidence } from '@secagg/protocol';
import { type Bytes, type EvidenceKind } from '@secagg/schema';
import { type Logger } from 'pino';
import { type Engine } from './engine';

export class MisbehaviourKeeper {
  /** @param proven counts it */
  constructor(
    private readonly engine: Engine,
    private readonly log: Logger,
    private readonly proven: (kind: EvidenceKind) => void,
  ) {
    const { journal } = engine;
    journal.onEvent((event) => {
      if (event.type !== 'answer-received') return;
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

  /** Evidence found here holds; should it not, that is for the log and no reason to end. */
  private async keepOwn(evidence: Bytes): Promise<void> {
    try {
      await this.keep(evidence);
    } catch (error) {
      this.log.error({ error }, 'evidence could not be kept');
    }
  }

  /** Resolves when it is durable. Throws what does not hold about it. A store that fails ends the process, as for every write. */
  async keep(evidence: Bytes): Promise<void> {
    const { journal, now } = this.engine;
    const events = recordMisbehaviour(journal.state, evidence, now());
    if (events.length > 0) {
      const { kind, party, serial, cluster, round, epoch } = verifyEvidence(journal.state.view.authorityKey, evidence);
      this.proven(kind);
      this.log.error({ kind, party, serial, cluster, round, epoch }, 'misbehaviour is proven');
    }
    await journal.commit({ events, reply: undefined });
  }
}
