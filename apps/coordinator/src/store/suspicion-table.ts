/** Scores over rounds as rows: one for a cluster, one for each of its routers. */
import { type ClusterRecord, type KeptRecord, noRounds } from '@secagg/protocol';
import { type Statements } from './statements';
import { type CountRound } from './store';

type Sql = Pick<Statements, 'suspicionClusters' | 'suspicion' | 'putSuspicionCluster' | 'putSuspicion' | 'removeSuspicion'>;

interface ClusterRow {
  cluster: string;
  rounds: number;
  latest_round: number;
}

interface RouterRow {
  router: string;
  rounds: number;
  flagged: number;
  expected: number;
  named_in_round: number | null;
  quarantined_after: number | null;
}

export class SuspicionTable {
  constructor(private readonly sql: Sql) {}

  /** Of one cluster, or of all that have any. */
  read(cluster?: string): Map<string, ClusterRecord> {
    const rows = (this.sql.suspicionClusters.all([]) as ClusterRow[]).filter((row) => cluster === undefined || row.cluster === cluster);
    return new Map(rows.map((row) => [row.cluster, { rounds: row.rounds, latestRound: row.latest_round, routers: this.routersOf(row.cluster) }]));
  }

  /** Inside of a transaction. */
  update(cluster: string, count: CountRound): void {
    const before = this.read(cluster).get(cluster) ?? noRounds();
    const after = count(before);
    this.sql.putSuspicionCluster.run([cluster, after.rounds, after.latestRound]);
    for (const router of Object.keys(before.routers)) if (!Object.hasOwn(after.routers, router)) this.sql.removeSuspicion.run([cluster, router]);
    for (const [router, record] of Object.entries(after.routers)) if (record !== before.routers[router]) this.sql.putSuspicion.run(valuesOf(cluster, router, record));
  }

  private routersOf(cluster: string): Record<string, KeptRecord> {
    return Object.fromEntries((this.sql.suspicion.all([cluster]) as RouterRow[]).map((row) => [row.router, recordOfRow(row)]));
  }
}

const valuesOf = (cluster: string, router: string, { rounds, flagged, expected, namedInRound, quarantinedAfter }: KeptRecord) =>
  [cluster, router, rounds, flagged, expected, namedInRound ?? null, quarantinedAfter ?? null];

const recordOfRow = ({ rounds, flagged, expected, named_in_round, quarantined_after }: RouterRow): KeptRecord => ({
  rounds, flagged, expected,
  ...(named_in_round === null ? {} : { namedInRound: named_in_round }),
  ...(quarantined_after === null ? {} : { quarantinedAfter: quarantined_after }),
});
