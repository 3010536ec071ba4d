/** The scores of a cluster as they are told. */
import {
  chanceOf,
  type ClusterRecord,
  ERROR_PROBABILITY,
  type KeptRecord,
  MIN_ROUNDS,
  quarantineEnd,
} from '@secagg/protocol';
import { type ClusterHash, type PartyId, type SuspicionReport } from '@secagg/schema';

type Entry = SuspicionReport['routers'][number];

export function suspicionReport(
  cluster: ClusterHash,
  { rounds, latestRound, routers }: ClusterRecord,
  quarantineRounds: number,
): SuspicionReport {
  const entries = Object.entries(routers).map(([router, record]) =>
    entryOf(router as PartyId, record, latestRound, quarantineRounds),
  );
  entries.sort((a, b) => rank(a) - rank(b) || (a.router < b.router ? -1 : 1));
  return {
    cluster,
    rounds,
    latest_round: latestRound,
    error_probability: ERROR_PROBABILITY,
    min_rounds: MIN_ROUNDS,
    quarantine_rounds: quarantineRounds,
    suspects: entries.filter(isNamed).map(({ router }) => router),
    routers: entries,
  };
}

const isNamed = ({ named_in_round }: Entry): boolean => named_in_round !== null;
/**
 * Of those that are not named, chance has put some further up than others: they are no suspects, and in order of id.
 */
const rank = (entry: Entry): number => (isNamed(entry) ? entry.p_value : 2);

function entryOf(router: PartyId, record: KeptRecord, latestRound: number, quarantineRounds: number): Entry {
  const { rounds, flagged, expected, namedInRound } = record;
  const end = quarantineEnd(record, quarantineRounds);
  return {
    router,
    rounds,
    flagged_rounds: flagged,
    flagged_share: flagged / rounds,
    base_rate: Math.min(1, expected / rounds),
    p_value: chanceOf(record),
    named_in_round: namedInRound ?? null,
    quarantined_until_round: end !== undefined && end > latestRound ? end : null,
  };
}
