/** Scores over rounds as rows of a database, whichever it is: one for a cluster, one for each of its routers. */
import { type ClusterRecord, type KeptRecord } from '@secagg/protocol';

export interface SuspicionClusterRow {
  cluster: string;
  rounds: number;
  latest_round: number;
}

export interface SuspicionRow {
  cluster: string;
  router: string;
  rounds: number;
  flagged: number;
  expected: number;
  named_in_round: number | null;
  quarantined_after: number | null;
}

export const recordOfRows = (
  { rounds, latest_round }: SuspicionClusterRow,
  routers: readonly SuspicionRow[],
): ClusterRecord => ({
  rounds,
  latestRound: latest_round,
  routers: Object.fromEntries(routers.map((row) => [row.router, recordOfRow(row)])),
});

const recordOfRow = ({ rounds, flagged, expected, named_in_round, quarantined_after }: SuspicionRow): KeptRecord => ({
  rounds,
  flagged,
  expected,
  ...(named_in_round === null ? {} : { namedInRound: named_in_round }),
  ...(quarantined_after === null ? {} : { quarantinedAfter: quarantined_after }),
});

/** What has to be written to get from one record of a cluster to the next: rows to put, and routers whose row goes. */
export function suspicionChanges(
  cluster: string,
  before: ClusterRecord,
  after: ClusterRecord,
): { cluster: SuspicionClusterRow; put: SuspicionRow[]; remove: string[] } {
  return {
    cluster: { cluster, rounds: after.rounds, latest_round: after.latestRound },
    put: Object.entries(after.routers)
      .filter(([router, record]) => record !== before.routers[router])
      .map(([router, record]) => rowOf(cluster, router, record)),
    remove: Object.keys(before.routers).filter((router) => !Object.hasOwn(after.routers, router)),
  };
}

const rowOf = (
  cluster: string,
  router: string,
  { rounds, flagged, expected, namedInRound, quarantinedAfter }: KeptRecord,
): SuspicionRow => ({
  cluster,
  router,
  rounds,
  flagged,
  expected,
  named_in_round: namedInRound ?? null,
  quarantined_after: quarantinedAfter ?? null,
});
