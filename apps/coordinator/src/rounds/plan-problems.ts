/**
 * What the fleet policy in force refuses of a configured plan, field by field: told before a round is due, not only
 * when it is announced.
 */
import { honestQuorum, planNoise, rhoToBudgetUnits, rhoToEpsilon, unitsToRho } from '@secagg/dp-noise';
import { type CheckName, type FleetView, leastColluders, noiseStdDevUnits, withPrivacyErrors } from '@secagg/protocol';
import { type ClusterPolicy, requestNorm, requiredWordBits, SecaggError } from '@secagg/schema';
import { type ClusterPlan } from './start-round';

export interface PlanProblem {
  /** Below the cluster, as the configuration has it. */
  readonly field: string;
  /** The value and the policy's bound. */
  readonly text: string;
  readonly check?: CheckName;
}

/** Empty when rounds of the plan may be announced under these documents. What the ledger has left is another matter. */
export function planProblems({ policy: fleet }: Pick<FleetView, 'policy'>, plan: ClusterPlan): PlanProblem[] {
  const policy = fleet.clusters.find(({ cluster }) => cluster === plan.cluster);
  const asks = `the policy (version ${fleet.version})`;
  if (!policy) return [{ field: 'cluster', text: `${plan.cluster}, which ${asks} does not have` }];
  const { privacy, minParticipantsPerGroup: least, groups } = plan;
  const isNoisy = privacy.rho !== 'unsafe-none';
  const found: PlanProblem[] = [];
  const ask = (isMet: boolean, field: string, text: string, check: CheckName) => {
    if (!isMet) found.push({ field, text, check });
  };
  const wanted = policy.min_participants_per_group;
  ask(
    least >= wanted,
    'minParticipantsPerGroup',
    `${least}: ${asks} asks for at least ${wanted}`,
    'policy.min_participants',
  );
  ask(groups <= policy.max_groups, 'groups', `${groups}: ${asks} allows at most ${policy.max_groups}`, 'policy.groups');
  ask(
    policy.privacy_units.includes(privacy.unit),
    'privacy.unit',
    `${privacy.unit}: ${asks} allows ${policy.privacy_units.join(', ')}`,
    'policy.privacy_unit',
  );
  ask(
    privacy.deltaInverse >= policy.min_delta_inverse,
    'privacy.deltaInverse',
    `${privacy.deltaInverse}: ${asks} asks for at least ${policy.min_delta_inverse}`,
    'policy.delta',
  );
  const epochMs = fleet.committee.max_epoch_ms;
  ask(
    plan.durationMs <= epochMs,
    'durationMs',
    `${plan.durationMs}: ${asks} lets epochs last ${epochMs} ms at most, and a round ends within its epoch`,
    'epoch.lifetime',
  );
  ask(
    isNoisy || policy.unsafe_no_noise,
    'privacy.rho',
    `unsafe-none: ${asks} allows no rounds without noise`,
    'policy.noise',
  );
  const colluders = isNoisy ? leastColluders(fleet.committee, policy) : policy.min_assumed_colluders;
  const assumed = privacy.assumedColluders ?? colluders;
  ask(
    assumed >= colluders,
    'privacy.assumedColluders',
    `${assumed}: ${asks}, with the corrupt committee members that may be routers of the cluster, asks for at least ${colluders}`,
    'policy.colluders',
  );
  ask(
    assumed < least,
    'minParticipantsPerGroup',
    `${least}: ${assumed} of them are assumed to collude (privacy.assumedColluders, or ${asks}), which leaves no honest router`,
    'policy.colluders',
  );
  // What noise there has to be, follows from numbers that have to be right first.
  return found.length > 0 ? found : noiseProblems(plan, policy, assumed, asks);
}

function noiseProblems(plan: ClusterPlan, policy: ClusterPolicy, assumed: number, asks: string): PlanProblem[] {
  const { privacy, keys, fields } = plan;
  const field = `privacy.${privacy.givenAs ?? 'rho'}`;
  const shape = {
    keys: [...keys],
    fields: [...fields],
    max_requests_per_router: plan.maxRequestsPerRouter,
    max_participants: plan.maxParticipants,
  };
  try {
    const units = targetUnits(privacy.rho);
    let variance = { numerator: 0, denominator: 1 };
    if (units !== undefined) {
      const { shareVariance, worstCase } = withPrivacyErrors(() =>
        planNoise({
          units,
          sensitivity: privacy.unit === 'request' ? requestNorm(shape) : (privacy.routerClipNorm ?? 1),
          honestQuorum: honestQuorum(plan.minParticipantsPerGroup, assumed),
          dimension: keys.length * fields.length,
        }),
      );
      variance = shareVariance;
      if (worstCase.units > policy.max_round_rho_units) {
        const cost = costText(worstCase.units, privacy.deltaInverse);
        const most = costText(policy.max_round_rho_units, privacy.deltaInverse);
        return [
          {
            field,
            text: `a round would cost ${cost}: ${asks} allows at most ${most}`,
            check: 'policy.noise_floor',
          },
        ];
      }
    }
    requiredWordBits({ ...shape, noiseStdDevUnits: noiseStdDevUnits(plan.maxParticipants, variance) });
    return [];
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    const isOfPrivacy = error.details.privacy !== undefined;
    return [{ field: isOfPrivacy ? field : (error.details.path ?? 'fields'), text: error.message }];
  }
}

/** Undefined without noise, and where it follows from the ledger, which never asks for more than the policy allows. */
function targetUnits(rho: ClusterPlan['privacy']['rho']): number | undefined {
  if (rho === 'unsafe-none') return undefined;
  if (typeof rho === 'number') return rhoToBudgetUnits(rho);
  return rho.kind === 'fixed' ? rho.units : undefined;
}

function costText(units: number, deltaInverse: number): string {
  const short = (value: number) => String(Number(value.toPrecision(4)));
  const rho = unitsToRho(units);
  return `epsilon ${short(rhoToEpsilon(rho, 1 / deltaInverse))} at delta ${short(1 / deltaInverse)} (rho ${short(rho)})`;
}

/**
 * Throws `policy` with the field that the policy refuses: the same words as readiness has for it. What the layout
 * refuses, it says itself.
 */
export function refuseProblem(view: FleetView, plan: ClusterPlan): void {
  const problem = planProblems(view, plan).find(({ field, check }) => check !== undefined || field === 'cluster');
  if (!problem) return;
  const { field, check } = problem;
  throw new SecaggError('policy', `the plan of the round breaks the fleet policy: ${planProblemText(problem)}`, {
    path: field,
    ...(check === undefined ? {} : { check }),
  });
}

export const planProblemText = ({ field, text }: PlanProblem): string => `${field}: ${text}`;
