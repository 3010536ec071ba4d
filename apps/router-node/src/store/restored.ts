/**
 * A `router.db` that comes from a backup, however it came into its place: a backup carries a mark (secagg backup), and
 * whatever the node has forgotten since is made up for before anything else is done (docs/protocol.md, "Epochs" and
 * "Privacy cost and ledger").
 */
import { type RouterEvent, type RouterState } from '@secagg/protocol';
import { type Database, type TableJournal } from '@secagg/journal/sqlite';

export interface BackupMark {
  readonly madeAtMs: number;
  /** What its operator states was spent at most since; undefined for the whole budget. */
  readonly assumedUnits?: number;
}

export function backupMark(database: Database): BackupMark | undefined {
  const row = database.get('SELECT made_at_ms, assumed_units FROM backup_mark WHERE id = 1');
  return row && { madeAtMs: row[0] as number, ...(row[1] === null ? {} : { assumedUnits: row[1] as number }) };
}

/**
 * In one step: what may have been spent counts as spent, and rounds announced until now are sat out. The mark goes with
 * it. Observations and signals, since a round may have published them, are to be dropped before.
 * @param budgetUnits the whole budget of this router
 * @returns units that are assumed to be spent
 */
export function makeUpForBackup(
  database: Database,
  journal: TableJournal<RouterState, RouterEvent>,
  mark: BackupMark,
  budgetUnits: number,
  nowMs: number,
): number {
  const assumedUnits = mark.assumedUnits ?? budgetUnits;
  // Before the fleet's documents are known nothing has been answered or charged.
  const events: RouterEvent[] = journal.hasBegun ? [{ type: 'restored', atMs: nowMs, units: assumedUnits }] : [];
  journal.append(events, () => {
    database.run('DELETE FROM data_release');
    database.run('DELETE FROM backup_mark');
  });
  return assumedUnits;
}
