/**
 * Decisions on rounds that were verified here, with all that shows them to others. Policies and rosters are kept once
 * for all rounds under them.
 */
import { createHash } from 'node:crypto';
import {
  decisionMessage,
  type DecisionProof,
  decisionProofMessage,
  epochCertificateMessage,
  type Signed,
  signedMessage,
} from '@secagg/schema';
import { type Database } from '@secagg/journal/sqlite';

/** The newest so many are kept. */
const KEPT = 1000;

export class DecidedRoundTable {
  constructor(
    private readonly database: Database,
    private readonly kept = KEPT,
  ) {}

  /** Keeps the first proof of a round: a second one has the same decision. */
  put(roundKey: string, proof: DecisionProof, nowMs: number): void {
    this.database.transaction(() => {
      const added = this.database.run(
        'INSERT INTO decided_round (round_key, policy, roster, epoch_certificate, announcement, decision, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
        roundKey,
        this.keep(proof.policy),
        this.keep(proof.roster),
        epochCertificateMessage.encode(proof.epoch_certificate),
        signedMessage.encode(proof.announcement),
        decisionMessage.encode(proof.decision),
        nowMs,
      );
      if (added > 0) this.prune();
    });
  }

  get(roundKey: string): DecisionProof | undefined {
    const row = this.database.get(
      `SELECT policy.body, roster.body, epoch_certificate, announcement, decision FROM decided_round
       JOIN fleet_document AS policy ON policy.digest = decided_round.policy JOIN fleet_document AS roster ON roster.digest = decided_round.roster WHERE round_key = ?`,
      roundKey,
    ) as readonly Uint8Array[] | undefined;
    if (!row) return undefined;
    const [policy, roster, epochCertificate, announcement, decision] = row;
    return {
      v: 1,
      policy: signedMessage.decode(policy),
      roster: signedMessage.decode(roster),
      epoch_certificate: epochCertificateMessage.decode(epochCertificate),
      announcement: signedMessage.decode(announcement),
      decision: decisionMessage.decode(decision),
    };
  }

  /** As it is given out. */
  encoded(roundKey: string): Uint8Array | undefined {
    const proof = this.get(roundKey);
    return proof && decisionProofMessage.encode(proof);
  }

  /** Body of the vote that was decided by. */
  decisionBody(roundKey: string): Uint8Array | undefined {
    const row = this.database.get('SELECT decision FROM decided_round WHERE round_key = ?', roundKey);
    return row && decisionMessage.decode(row[0] as Uint8Array).body;
  }

  private keep(document: Signed): Uint8Array {
    const body = signedMessage.encode(document);
    const digest = new Uint8Array(createHash('sha256').update(body).digest());
    this.database.run('INSERT INTO fleet_document (digest, body) VALUES (?, ?) ON CONFLICT DO NOTHING', digest, body);
    return digest;
  }

  private prune(): void {
    const removed = this.database.run(
      'DELETE FROM decided_round WHERE round_key IN (SELECT round_key FROM decided_round ORDER BY at_ms DESC, round_key LIMIT -1 OFFSET ?)',
      this.kept,
    );
    if (removed > 0)
      this.database.run(
        'DELETE FROM fleet_document WHERE digest NOT IN (SELECT policy FROM decided_round UNION SELECT roster FROM decided_round)',
      );
  }
}
