/** Receipts that the coordinator did not honour: signed proof that it had accepted what its published round lacks. */
import { signedMessage, type Signed } from '@secagg/schema';
import { type Database } from './database';

export class EvidenceTable {
  constructor(private readonly database: Database) {}

  put(roundKey: string, receipt: Signed, nowMs: number): void {
    this.database.run('INSERT INTO evidence (round_key, receipt, at_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING', roundKey, signedMessage.encode(receipt), nowMs);
  }

  /** Keys of the rounds, newest first, with the signed receipt in base64. */
  list(): { round: string; receipt: string }[] {
    return this.database
      .all('SELECT round_key, receipt FROM evidence ORDER BY at_ms DESC LIMIT 100')
      .map(([round, receipt]) => ({ round: round as string, receipt: Buffer.from(receipt as Uint8Array).toString('base64') }));
  }
}
