/** Every change of the privacy ledger, in order: the journal's own events are folded into snapshots. */
import { type LedgerEvent } from '@secagg/dp-noise';
import { type RouterEvent } from '@secagg/protocol';
import { type Database } from '@secagg/journal/sqlite';

export interface LedgerEntry {
  readonly id: number;
  readonly cluster: string;
  readonly round: number;
  readonly kind: LedgerEvent['kind'];
  /** Charged, or what it was corrected to; null for a release. */
  readonly units: number | null;
  readonly atMs: number;
}

export class BudgetHistory {
  constructor(private readonly database: Database) {}

  /** Notes what events change in the ledger; part of the transaction that makes them durable. */
  record(events: readonly RouterEvent[]): void {
    for (const event of events) {
      const change = ledgerEventOf(event);
      if (!change) continue;
      const { cluster, round, kind, atMs } = change;
      const units = change.kind === 'released' ? null : change.units;
      this.database.run(
        'INSERT INTO ledger_entry (cluster, round, kind, units, at_ms) VALUES (?, ?, ?, ?, ?)',
        cluster,
        round,
        kind,
        units,
        atMs,
      );
    }
  }

  /** @param before only entries with a lower id. @returns newest first */
  list(limit: number, before = Number.MAX_SAFE_INTEGER): LedgerEntry[] {
    return this.database
      .all(
        'SELECT id, cluster, round, kind, units, at_ms FROM ledger_entry WHERE id < ? ORDER BY id DESC LIMIT ?',
        before,
        limit,
      )
      .map(([id, cluster, round, kind, units, atMs]) => ({ id, cluster, round, kind, units, atMs }) as LedgerEntry);
  }
}

function ledgerEventOf(event: RouterEvent): LedgerEvent | undefined {
  if (event.type === 'contribution-prepared') return event.charge;
  return event.type === 'round-settled' ? event.ledger : undefined;
}
