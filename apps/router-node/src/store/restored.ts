/**
 * A `router.db` that comes from a backup, however it came into its place: a backup carries a mark (secagg backup), and whatever the node
 * has forgotten since is made up for before anything else is done (PROTOCOL section 2 and 6).
 */
import { type RouterEvent, type RouterState } from '@secagg/protocol';
import { type Database } from './database';
import { type Journal } from './journal';

export interface BackupMark {
  readonly madeAtMs: number;
  /** What its operator states was spent at most since; undefined for the whole budget. */
  readonly assumedUnits?: number;
}

export function backupMark(database: Database): BackupMark | undefined {
  const row = database.get('SELECT made_at_ms, assumed_units FROM backup_mark WHERE id = 1');
  return row && { madeAtMs: row[0] as number, ...(row[1] === null ? {} : { assumedUnits: row[1] as number }) };
}

export interface Forgotten {
  readonly observations: number;
  readonly assumedUnits: number;
}

/**
 * In one step: what may have been spent counts as spent, rounds announced until now are sat out, and observations and signals go, since
 * a round may have published them. The mark goes with it.
 * @param budgetUnits the whole budget of this router
 */
export function makeUpForBackup(
  database: Database,
  journal: Journal<RouterState, RouterEvent>,
  mark: BackupMark,
  budgetUnits: number,
  nowMs: number,
): Forgotten {
  const assumedUnits = mark.assumedUnits ?? budgetUnits;
  let observations = 0;
  // Before the fleet's documents are known nothing has been answered or charged.
  const events: RouterEvent[] = journal.state ? [{ type: 'restored', atMs: nowMs, units: assumedUnits }] : [];
  journal.commit(events, () => {
    observations = database.run('DELETE FROM observation');
    database.run('DELETE FROM local_signal');
    database.run('DELETE FROM backup_mark');
  });
  return { observations, assumedUnits };
}
