/**
 * Whose noise a cluster does not count on: corrupt committee members that may be its routers, and others that the
 * operator assumes.
 */
import { type ClusterTerms, corruptCandidates } from '@secagg/protocol';
import { type ClusterPolicy, type FleetPolicy } from '@secagg/schema';
import { Refusal } from '../output';

export type Committee = Pick<FleetPolicy['committee'], 'candidates' | 'size' | 'threshold'>;

/** Colluders that the operator assumes beside the corrupt committee candidates. */
export const otherColluders = (committee: Committee, cluster: ClusterPolicy): number =>
  Math.max(0, cluster.min_assumed_colluders - corruptCandidates(committee, cluster));

/** Honest routers of the smallest group, unless the operator names its size. */
export const HONEST_BY_DEFAULT = 3;

/** The cluster with the others and the corrupt candidates assumed to collude. */
export function withColluders(terms: ClusterTerms, others: number, committee: Committee): ClusterTerms {
  const corrupt = corruptCandidates(committee, terms);
  const least = terms.min_participants_per_group;
  if (corrupt + others >= least)
    throw new Refusal(
      `groups of ${least} with ${corrupt} corrupt committee members and ${others} others assumed to collude: no honest router would be left (--min-participants, --assumed-colluders; or --members that are no candidates)`,
    );
  return { ...terms, min_assumed_colluders: corrupt + others };
}

/** Whose noise is not counted on in the cluster. */
export function colludersStatement(committee: Committee, terms: ClusterPolicy): string {
  const { min_participants_per_group: least, min_assumed_colluders: colluders } = terms;
  const corrupt = corruptCandidates(committee, terms);
  const which =
    corrupt > 0
      ? `${corrupt} corrupt committee members that may be routers of the cluster and ${colluders - corrupt} others`
      : 'no committee candidate is a router of the cluster';
  return `of at least ${least} routers in a group, ${colluders} are assumed to collude or to add no noise (${which}): the noise of ${least - colluders} is counted on`;
}

/**
 * Throws for a policy whose rounds every party would refuse: it was signed before corrupt candidates had to be counted.
 */
export function checkColluders({ clusters, committee }: FleetPolicy): void {
  for (const terms of clusters) {
    const corrupt = corruptCandidates(committee, terms);
    if (!terms.unsafe_no_noise && terms.min_assumed_colluders < corrupt)
      throw new Refusal(
        `cluster ${terms.cluster} assumes ${terms.min_assumed_colluders} colluders in a group, but ${corrupt} corrupt committee candidates may be among its routers: every party would refuse its rounds. Sign a new policy: secagg fleet policy --cluster <id>`,
      );
  }
}
