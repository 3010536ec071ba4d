/** What a budget buys, before anyone spends anything: noise and standard errors of every round (PROTOCOL section 6). */
import { costOfRound, epsilonToRho, planNoise, rhoToBudgetUnits, rhoToEpsilon, unitsToRho } from '@secagg/dp-noise';
import { DEFAULT_WITHHOLD_BELOW, defaultFields, requestNorm } from '@secagg/schema';
import { Command } from 'commander';
import { type Output, Refusal } from '../output';
import { count, delta, positive, positiveCount } from '../parse';
import { printFigures } from './print-figures';

interface PlanOptions {
  epsilon?: number;
  budgetEpsilon?: number;
  roundsPerDay?: number;
  budgetDays: number;
  rounds?: number;
  delta: number;
  routers?: number;
  minParticipants: number;
  assumedColluders: number;
  groups: number;
  keys: number;
  requests: number;
  requestsPerRequester: number;
  latencyBound: number;
  cost: boolean;
  quality?: boolean;
}

export const planCommand = (output: Output): Command =>
  new Command('plan')
    .description(
      'noise and expected standard errors of a round, from what it may cost or from a budget and how many rounds it is for; unit `request`',
    )
    .option('--epsilon <e>', 'most that one round may cost', positive)
    .option('--budget-epsilon <e>', 'most that all rounds of a window may cost, in place of --epsilon', positive)
    .option('--rounds-per-day <n>', 'with --budget-epsilon', positive)
    .option('--budget-days <n>', 'length of the sliding window in days', positiveCount, 30)
    .option(
      '--rounds <n>',
      'rounds that the budget is for, in place of --rounds-per-day: for a lifetime budget',
      positiveCount,
    )
    .option('--delta <d>', 'at which epsilon is meant', delta, 1e-6)
    .option('--routers <n>', 'contributions expected in a group (default: the minimum)', positiveCount)
    .option('--min-participants <n>', 'smallest group that is opened', positiveCount, 4)
    .option('--assumed-colluders <n>', 'routers per group assumed to add no noise', count, 1)
    .option('--groups <n>', 'groups of a round, added up', positiveCount, 1)
    .option('--keys <n>', 'keys of the catalogue', positiveCount, 100)
    .option('--requests <n>', 'requests per key in a round, for the standard errors of means', positiveCount, 1000)
    .option(
      '--requests-per-requester <c>',
      'most requests of one requester that a router takes in a round',
      positiveCount,
      1,
    )
    .option('--latency-bound <s>', 'latencies above it count as it', positive, 60)
    .option('--no-cost', 'without cost fields')
    .option('--quality', 'with quality fields')
    .action((options: PlanOptions) => printFigures(output, () => plan(options)));

function plan(options: PlanOptions) {
  const { keys, requests, minParticipants, assumedColluders, groups, delta: atDelta, requestsPerRequester } = options;
  const routers = options.routers ?? minParticipants;
  if (assumedColluders >= minParticipants) throw new Refusal('no honest router would be left in the smallest group');
  if (routers < minParticipants)
    throw new Refusal('fewer routers are expected than the smallest group has: no round would be opened');
  const fields = defaultFields({
    latencyBoundSeconds: options.latencyBound,
    cost: options.cost,
    quality: options.quality ?? false,
  });
  const sensitivity = requestNorm({ fields });
  const dimension = keys * fields.length;
  const honestQuorum = minParticipants - assumedColluders;
  const budget = budgetOf(options);
  const units = budget
    ? unitsOfRound(budget, honestQuorum / (routers - assumedColluders))
    : rhoToBudgetUnits(epsilonToRho(options.epsilon as number, atDelta));
  const { shareVariance, worstCase } = planNoise({ units, sensitivity, honestQuorum, dimension });
  const actual = costOfRound({ shareVariance, sensitivity, dimension }, [routers], assumedColluders);
  const epsilon = (rho: number) => rhoToEpsilon(rho, atDelta);
  const charged = unitsToRho(worstCase.units);
  const spent = unitsToRho(actual.units);
  const variance = shareVariance.numerator / shareVariance.denominator;
  return {
    epsilon: epsilon(charged),
    rho: charged,
    tau: worstCase.tau,
    delta: atDelta,
    unit: 'request',
    routers,
    honest_quorum: honestQuorum,
    epsilon_with_all_participants: epsilon(spent),
    rho_with_all_participants: spent,
    /** For everything of one requester at one router, where that many requests are taken. */
    epsilon_per_requester: epsilon(requestsPerRequester ** 2 * charged),
    ...(budget
      ? {
          budget: {
            epsilon: epsilon(budget.rho),
            rho: budget.rho,
            rounds: budget.rounds,
            epsilon_after_all_rounds: epsilon(spent * budget.rounds),
          },
        }
      : {}),
    noise_per_router: Math.sqrt(variance),
    sensitivity,
    dimension,
    ...errorsPerKey(fields, Math.sqrt(groups * routers * variance), requests),
  };
}

/** Of every key, since all coordinates carry the same noise. Means: in the middle of their range, where the centred sum is 0. */
function errorsPerKey(fields: ReturnType<typeof defaultFields>, noise: number, requests: number) {
  const errorOf = (name: string, divisor: number) => {
    const field = fields.find((entry) => entry.name === name);
    return field && noise / field.scale / divisor;
  };
  const samples = errorOf('samples', 1) ?? 0;
  return {
    requests_per_key: requests,
    standard_errors: {
      total_samples: samples,
      success_rate: errorOf('successes', requests),
      avg_latency: errorOf('latency', requests),
      quality_score: errorOf('quality', requests),
      cost_efficiency: errorOf('cost', requests),
    },
    withheld_below_requests: DEFAULT_WITHHOLD_BELOW * samples,
  };
}

interface RoundsBudget {
  readonly rho: number;
  readonly rounds: number;
}

function budgetOf({
  budgetEpsilon,
  roundsPerDay,
  rounds,
  budgetDays,
  epsilon,
  delta: atDelta,
}: PlanOptions): RoundsBudget | undefined {
  if ((budgetEpsilon === undefined) === (epsilon === undefined))
    throw new Refusal('give either --epsilon of a round or --budget-epsilon of all');
  if (budgetEpsilon === undefined) return undefined;
  if ((roundsPerDay === undefined) === (rounds === undefined))
    throw new Refusal('--budget-epsilon goes with either --rounds-per-day or --rounds');
  // A window of D days counts today and the D days before.
  return {
    rho: epsilonToRho(budgetEpsilon, atDelta),
    rounds: rounds ?? Math.ceil((roundsPerDay as number) * (budgetDays + 1)),
  };
}

/**
 * Worst case of a round. Each is charged it before sending and corrected to `share` of it, so the last of k rounds fits when
 * (k - 1)·share·rho + rho is at most the budget; corrections are rounded up, by less than 4 units each.
 */
const unitsOfRound = ({ rho, rounds }: RoundsBudget, share: number): number =>
  Math.max(1, Math.floor((rhoToBudgetUnits(rho) - 4 * rounds) / (1 + (rounds - 1) * share)));
