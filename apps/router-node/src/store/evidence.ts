/** Receipts that the coordinator did not honour, each with evidence that anyone with the authority's key can check. */
import { signedMessage, type Signed } from '@secagg/schema';
import { type Database } from '@secagg/journal/sqlite';

export interface EvidenceEntry {
  readonly roundKey: string;
  readonly receipt: Uint8Array;
  /** Rounds of before there was such a message have the receipt alone. */
  readonly hasMessage: boolean;
  readonly atMs: number;
}

export class EvidenceTable {
  constructor(private readonly database: Database) {}

  /** @param message encoded evidence. @returns false when there is some of the round already */
  put(roundKey: string, receipt: Signed, message: Uint8Array, nowMs: number): boolean {
    return (
      this.database.run(
        'INSERT INTO evidence (round_key, receipt, message, at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
        roundKey,
        signedMessage.encode(receipt),
        message,
        nowMs,
      ) > 0
    );
  }

  /** Newest first, at most a hundred. */
  list(): EvidenceEntry[] {
    return this.database
      .all('SELECT round_key, receipt, message IS NOT NULL, at_ms FROM evidence ORDER BY at_ms DESC LIMIT 100')
      .map(([roundKey, receipt, hasMessage, atMs]) => ({
        roundKey: roundKey as string,
        receipt: receipt as Uint8Array,
        hasMessage: hasMessage === 1,
        atMs: atMs as number,
      }));
  }

  /** The encoded evidence of a round. */
  message(roundKey: string): Uint8Array | undefined {
    return (this.database.get('SELECT message FROM evidence WHERE round_key = ?', roundKey)?.[0] ?? undefined) as
      | Uint8Array
      | undefined;
  }
}
