/** The rows of scores over rounds on PostgreSQL. */
import { type ClusterRecord } from '@secagg/protocol';
import { type Kysely, sql } from 'kysely';
import { type CountRound } from '../store';
import { recordOfRows, suspicionChanges } from '../suspicion-rows';
import { type Tables } from '../tables';

/** Rows written by one statement, which may have 65535 parameters. */
const ROWS_AT_ONCE = 1000;

/** Of one cluster, or of all that have any. */
export async function readSuspicion(db: Kysely<Tables>, cluster?: string): Promise<Map<string, ClusterRecord>> {
  // One moment for both tables: another replica may be counting a round.
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (transaction) => {
      const clusters = transaction.selectFrom('suspicion_clusters').selectAll();
      const rows = await (cluster === undefined ? clusters : clusters.where('cluster', '=', cluster)).execute();
      const records = new Map<string, ClusterRecord>();
      for (const row of rows) records.set(row.cluster, recordOfRows(row, await routersOf(transaction, row.cluster)));
      return records;
    });
}

/** Inside of a transaction, after which another one may count a round of the cluster. */
export async function countSuspicion(transaction: Kysely<Tables>, cluster: string, count: CountRound): Promise<void> {
  await transaction
    .insertInto('suspicion_clusters')
    .values({ cluster, rounds: 0, latest_round: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await transaction
    .selectFrom('suspicion_clusters')
    .selectAll()
    .where('cluster', '=', cluster)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const before = recordOfRows(row, await routersOf(transaction, cluster));
  const changes = suspicionChanges(cluster, before, count(before));
  await transaction.updateTable('suspicion_clusters').set(changes.cluster).where('cluster', '=', cluster).execute();
  if (changes.remove.length > 0)
    await transaction
      .deleteFrom('suspicion')
      .where('cluster', '=', cluster)
      .where('router', 'in', changes.remove)
      .execute();
  for (let at = 0; at < changes.put.length; at += ROWS_AT_ONCE) {
    await transaction
      .insertInto('suspicion')
      .values(changes.put.slice(at, at + ROWS_AT_ONCE))
      .onConflict((conflict) => conflict.columns(['cluster', 'router']).doUpdateSet(fromExcluded))
      .execute();
  }
}

const excluded = <T>(column: string) => sql<T>`${sql.ref(`excluded.${column}`)}`;
const fromExcluded = {
  rounds: excluded<number>('rounds'),
  flagged: excluded<number>('flagged'),
  expected: excluded<number>('expected'),
  named_in_round: excluded<number | null>('named_in_round'),
  quarantined_after: excluded<number | null>('quarantined_after'),
};

const routersOf = (db: Kysely<Tables>, cluster: string) =>
  db.selectFrom('suspicion').selectAll().where('cluster', '=', cluster).execute();
