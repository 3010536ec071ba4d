/** What the fleet policy in force refuses of the configured rounds: said at the start, not only when a round is due. */
import { leastColluders } from '@secagg/protocol';
import { type FleetPolicy } from '@secagg/schema';
import { type ClusterPlan } from './start-round';

/** One plain sentence for each cluster with noise whose rounds would be refused for the colluders they assume. */
export const refusedPlans = (policy: FleetPolicy, plans: readonly ClusterPlan[]): string[] =>
  plans.flatMap(({ cluster, privacy, minParticipantsPerGroup }) => {
    const terms = policy.clusters.find((entry) => entry.cluster === cluster);
    if (!terms || privacy.rho === 'unsafe-none') return [];
    const least = leastColluders(policy.committee, terms);
    const assumed = privacy.assumedColluders ?? least;
    if (assumed < least)
      return [
        `cluster ${cluster}: its rounds will be refused: assumedColluders is ${assumed}, but the policy, with the corrupt committee members that may be routers of the cluster, asks for ${least}`,
      ];
    if (assumed >= minParticipantsPerGroup)
      return [
        `cluster ${cluster}: its rounds will be refused: ${assumed} of ${minParticipantsPerGroup} participants of a group are assumed to collude (minParticipantsPerGroup, and the policy)`,
      ];
    return [];
  });
