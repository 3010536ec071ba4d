/** What a coordinator tells of its scores over rounds: JSON, for people and scripts. */
import { z } from 'zod';
import { clusterHash, partyId } from './messages/fields';

const count = z.int().min(0);
const share = z.number().min(0).max(1);

const suspicionEntrySchema = z.looseObject({
  router: partyId,
  /** Counted rounds with the router in an opened group, and those of them in which that group was flagged. */
  rounds: count,
  flagged_rounds: count,
  /** The share of its rounds, and of everybody in the same rounds, in flagged groups. */
  flagged_share: share,
  base_rate: share,
  /** Probability of as many flagged rounds, or more, for an honest router; a bound. */
  p_value: share,
  /** The round after which it was named; null for one that is not. */
  named_in_round: z.int().min(1).nullable(),
  /** The last round whose contributions are refused; null when none are. */
  quarantined_until_round: z.int().min(1).nullable(),
});

export const suspicionReportSchema = z.looseObject({
  cluster: clusterHash,
  /** Published rounds that were counted, and the highest of their numbers (0 before the first). */
  rounds: count,
  latest_round: count,
  /** Probability that ever, in all looks at all routers together, an honest one is named. */
  error_probability: share,
  /** Rounds a router must have been in before it is judged. */
  min_rounds: count,
  /** Of the fleet policy; 0: nobody is refused. */
  quarantine_rounds: count,
  /** Ids of the routers that are named, the most suspicious first. */
  suspects: z.array(partyId),
  /** Everybody with a record: those that are named first, then by id. */
  routers: z.array(suspicionEntrySchema),
});
export type SuspicionReport = z.infer<typeof suspicionReportSchema>;
