/**
 * Whether the rounds that a cluster is configured for fit its policy: what the operator is warned of, since they would
 * be refused one by one.
 */
import { DAY_MS, rhoToBudgetUnits, windowMs } from '@secagg/dp-noise';
import { clusterBudget, type FleetView, scheduleAdvice, type ScheduleAdvice } from '@secagg/protocol';
import { type ClusterPolicy, type PartyId, SecaggError } from '@secagg/schema';
import { plannedCost } from './budget';
import { type ClusterPlan } from './start-round';
import { type Trigger, type TriggeredCluster } from './triggers';

/** In words; empty when everything fits, or when the policy does not have the cluster. */
export function scheduleWarnings(view: FleetView, { plan, trigger }: TriggeredCluster): string[] {
  const policy = view.policy.clusters.find(({ cluster }) => cluster === plan.cluster);
  if (!policy) return [];
  return [...tooFewRouters(view, policy, plan), ...beyondBudget(policy, plan, trigger)];
}

function tooFewRouters(view: FleetView, { members }: ClusterPolicy, plan: ClusterPlan): string[] {
  const isRouter = (id: PartyId) => view.certificates.get(id)?.roles.includes('router') === true;
  const routers =
    members.length > 0 ? members.filter(isRouter).length : [...view.certificates.keys()].filter(isRouter).length;
  const needed = plan.groups * plan.minParticipantsPerGroup;
  return routers >= needed
    ? []
    : [`a round needs ${needed} routers, and the cluster has ${routers}: none would be opened`];
}

function beyondBudget(policy: ClusterPolicy, plan: ClusterPlan, trigger: Trigger): string[] {
  const { rho, unit, deltaInverse } = plan.privacy;
  const budget = clusterBudget(policy);
  const everyMs =
    trigger.kind === 'interval'
      ? trigger.everyMs
      : trigger.kind === 'waiting'
        ? Math.max(1, trigger.atMostEveryMs)
        : undefined;
  if (rho === 'unsafe-none' || everyMs === undefined) return [];
  if (typeof rho === 'object' && rho.kind !== 'fixed') {
    if (budget.protects === 'event')
      return [
        `the policy holds the budget to single requests (\`event\`): there is nothing for the allocation \`${rho.kind}\` to spread over rounds, and every round costs ${rho.kind === 'horizon' ? 'all that a request may be charged' : 'the same fraction of what a request may be charged'}`,
      ];
    return rho.kind === 'horizon' ? beyondHorizon(rho.rounds, budget, everyMs) : [];
  }
  const units = typeof rho === 'object' ? rho.units : rhoToBudgetUnits(rho);
  let advice: ScheduleAdvice | undefined;
  try {
    advice = scheduleAdvice({ budget, unit, delta: 1 / deltaInverse, ...plannedCost(plan, policy, units), everyMs });
  } catch (error) {
    if (error instanceof SecaggError) return [`no round can be planned: ${error.message}`];
    throw error;
  }
  return advice
    ? [trigger.kind === 'waiting' ? `as often as its trigger may start one: ${advice.text}` : advice.text]
    : [];
}

/** An allocation gives so many rounds in a window a share, and none to those after them. */
function beyondHorizon(rounds: number, { window }: ReturnType<typeof clusterBudget>, everyMs: number): string[] {
  const wanted = window === 'lifetime' ? Infinity : Math.ceil(windowMs(window.days) / everyMs);
  if (rounds >= wanted) return [];
  const days = Number(((rounds * everyMs) / DAY_MS).toPrecision(2));
  return [
    `the allocation \`horizon\` is for ${rounds} rounds, and the schedule has ${wanted === Infinity ? 'more, without end' : `${wanted} in the window`}: the next one is refused ${days} days after the first`,
  ];
}
