/** The rows of scores over rounds in the embedded store. */
import { type ClusterRecord, noRounds } from '@secagg/protocol';
import { type Statements } from './statements';
import { type CountRound } from './store';
import { recordOfRows, suspicionChanges, type SuspicionClusterRow, type SuspicionRow } from './suspicion-rows';

type Sql = Pick<
  Statements,
  'suspicionClusters' | 'suspicion' | 'putSuspicionCluster' | 'putSuspicion' | 'removeSuspicion'
>;

export class SuspicionTable {
  constructor(private readonly sql: Sql) {}

  /** Of one cluster, or of all that have any. */
  read(cluster?: string): Map<string, ClusterRecord> {
    const rows = (this.sql.suspicionClusters.all([]) as SuspicionClusterRow[]).filter(
      (row) => cluster === undefined || row.cluster === cluster,
    );
    return new Map(
      rows.map((row) => [row.cluster, recordOfRows(row, this.sql.suspicion.all([row.cluster]) as SuspicionRow[])]),
    );
  }

  /** Inside of a transaction. */
  update(cluster: string, count: CountRound): void {
    const before = this.read(cluster).get(cluster) ?? noRounds();
    const changes = suspicionChanges(cluster, before, count(before));
    this.sql.putSuspicionCluster.run([cluster, changes.cluster.rounds, changes.cluster.latest_round]);
    for (const router of changes.remove) this.sql.removeSuspicion.run([cluster, router]);
    for (const row of changes.put) {
      this.sql.putSuspicion.run([
        cluster,
        row.router,
        row.rounds,
        row.flagged,
        row.expected,
        row.named_in_round,
        row.quarantined_after,
      ]);
    }
  }
}
