/**
 * What a coordinator keeps of the routers of one cluster over rounds: their records, who is named, and who is in
 * quarantine.
 *
 * A router is named while its record says so. Under a policy with `quarantine_rounds` = Q, whoever is named after round
 * r sits out the rounds r+1 to r+Q. Then its record begins anew, as if it had just joined: its rounds before would name
 * it again at once, so a router that was repaired could never clear itself. The error probability still holds: an
 * honest router is judged on a second record only if the first one named it, which is the error that is bounded. A
 * record also ends when its router leaves the cluster.
 */
import {
  evolveSuspicion,
  recordOf,
  type RouterRecord,
  type SuspectOptions,
  suspects,
  type SuspicionEvent,
} from './suspicion';

export interface KeptRecord extends RouterRecord {
  /** The round after which the router was named; absent while it is not. */
  readonly namedInRound?: number;
  /**
   * The highest round counted when its quarantine began: it ends `quarantine_rounds` later. Absent while it is in none.
   */
  readonly quarantinedAfter?: number;
}

/** Of one cluster; JSON. */
export interface ClusterRecord {
  /** Rounds that were counted. */
  readonly rounds: number;
  /** The highest of their numbers, 0 before the first. */
  readonly latestRound: number;
  readonly routers: Readonly<Record<string, KeptRecord>>;
}

export const noRounds = (): ClusterRecord => ({ rounds: 0, latestRound: 0, routers: {} });

export interface RecordTerms extends SuspectOptions {
  /** Of the policy in force, which also counts for quarantines that have begun; 0: none. */
  readonly quarantineRounds: number;
  /** Whether the router is in the cluster now. */
  readonly isMember: (router: string) => boolean;
}

/** The last round whose contributions are refused; undefined outside of a quarantine, and without one in the policy. */
export const quarantineEnd = ({ quarantinedAfter }: KeptRecord, quarantineRounds: number): number | undefined =>
  quarantinedAfter === undefined || quarantineRounds === 0 ? undefined : quarantinedAfter + quarantineRounds;

/**
 * Counts one published round, in any order, each once. A round with a single opened group compares nobody: it counts
 * for nothing but the end of quarantines.
 */
export function recordRound(before: ClusterRecord, event: SuspicionEvent, terms: RecordTerms): ClusterRecord {
  const latestRound = Math.max(before.latestRound, event.round);
  const isOver = (record: KeptRecord): boolean =>
    record.quarantinedAfter !== undefined && latestRound >= (quarantineEnd(record, terms.quarantineRounds) ?? 0);
  const kept = { rounds: before.rounds, routers: filter(before.routers, (record) => !isOver(record)) };
  const compared = event.groups.length > 1 ? evolveSuspicion(kept, event) : kept;
  const routers = filter(compared.routers, (_, router) => terms.isMember(router));
  const named = new Set(suspects({ rounds: compared.rounds, routers }, terms).map(({ router }) => router));
  const marked = Object.entries(routers).map(([router, record]): [string, KeptRecord] => {
    const earlier: KeptRecord = recordOf(kept.routers, router) ?? record;
    if (!named.has(router) && earlier.quarantinedAfter === undefined) return [router, unmarked(record)];
    const quarantinedAfter = earlier.quarantinedAfter ?? (terms.quarantineRounds > 0 ? latestRound : undefined);
    const marks = {
      namedInRound: earlier.namedInRound ?? event.round,
      ...(quarantinedAfter === undefined ? {} : { quarantinedAfter }),
    };
    return [router, { ...unmarked(record), ...marks }];
  });
  return { rounds: compared.rounds, latestRound, routers: Object.fromEntries(marked) };
}

/** The same record where it has no marks: what did not change is not written. */
function unmarked(record: KeptRecord): RouterRecord {
  if (record.namedInRound === undefined && record.quarantinedAfter === undefined) return record;
  const { rounds, flagged, expected } = record;
  return { rounds, flagged, expected };
}

const filter = <T>(
  routers: Readonly<Record<string, T>>,
  test: (record: T, router: string) => boolean,
): Record<string, T> => Object.fromEntries(Object.entries(routers).filter(([router, record]) => test(record, router)));
