/**
 * How many routers of a group a round has to take for colluders, where committee members may be among them
 * (docs/protocol.md, "Fleet documents").
 */
import { type ClusterPolicy, type FleetPolicy } from '@secagg/schema';

type CommitteeTerms = Pick<FleetPolicy['committee'], 'candidates' | 'threshold'>;

/**
 * Corrupt committee candidates that may be routers of the cluster: up to t-1 are assumed corrupt, and they know their
 * own noise. By the policy alone: a cluster without a list of members is open to every router of the roster, and any
 * candidate may be one of them.
 */
export function corruptCandidates(
  { candidates, threshold }: CommitteeTerms,
  { members }: Pick<ClusterPolicy, 'members'>,
): number {
  const listed = new Set(members);
  const both = listed.size === 0 ? candidates : candidates.filter((candidate) => listed.has(candidate));
  return Math.min(threshold - 1, both.length);
}

/**
 * The least that a round with noise may assume in the cluster: what the policy says, and never less than its corrupt
 * candidates.
 */
export const leastColluders = (
  committee: CommitteeTerms,
  cluster: Pick<ClusterPolicy, 'members' | 'min_assumed_colluders'>,
): number => Math.max(cluster.min_assumed_colluders, corruptCandidates(committee, cluster));
