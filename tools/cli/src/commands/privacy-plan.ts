/**
 * What a budget buys, before anyone spends anything: noise and standard errors of every round (docs/protocol.md,
 * "Privacy cost and ledger").
 */
import {
  type Budget,
  costOfRound,
  DAY_MS,
  epsilonToRho,
  evenUnits,
  fitSchedule,
  planNoise,
  type Protection,
  rhoToBudgetUnits,
  rhoToEpsilon,
  unitsToRho,
} from '@secagg/dp-noise';
import { protectionStatement, scheduleAdvice } from '@secagg/protocol';
import { DEFAULT_WITHHOLD_BELOW, defaultFields, requestNorm } from '@secagg/schema';
import { Command } from 'commander';
import { type Output, Usage } from '../output';
import { count, delta, oneOf, positive, positiveCount } from '../parse';
import { HONEST_BY_DEFAULT } from './colluders';
import { printFigures } from './print-figures';

interface PlanOptions {
  epsilon?: number;
  budgetEpsilon?: number;
  roundsPerDay?: number;
  budgetDays: number;
  budgetProtects: Protection;
  rounds?: number;
  delta: number;
  routers?: number;
  minParticipants?: number;
  assumedColluders: number;
  threshold: number;
  separateCommittee?: boolean;
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
      'noise and expected standard errors of a round, from what it may cost or from a budget and how many rounds it is for, and whether a schedule fits a budget; unit `request`',
    )
    .option('--epsilon <e>', 'most that one round may cost', positive)
    .option(
      '--budget-epsilon <e>',
      'most that all rounds of a window may cost: spread over them, or with --epsilon as it is to be checked',
      positive,
    )
    .option('--rounds-per-day <n>', 'with --budget-epsilon', positive)
    .option('--budget-days <n>', 'length of the sliding window in days', positiveCount, 30)
    .option(
      '--rounds <n>',
      'rounds that the budget is for, in place of --rounds-per-day: for a lifetime budget',
      positiveCount,
    )
    .option(
      '--budget-protects <what>',
      'what the budget is held to: all rounds of the window, or those that one request enters (window or event)',
      oneOf('window', 'event'),
      'window' as const,
    )
    .option('--delta <d>', 'at which epsilon is meant', delta, 1e-6)
    .option('--routers <n>', 'contributions expected in a group (default: the minimum)', positiveCount)
    .option(
      '--min-participants <n>',
      'smallest group that is opened (default: 3 above all that are assumed to collude)',
      positiveCount,
    )
    .option(
      '--assumed-colluders <n>',
      'routers per group assumed to collude or to add no noise, besides the t-1 committee members that may be among them',
      count,
      1,
    )
    .option('--threshold <t>', 'threshold of the committee', positiveCount, 2)
    .option('--separate-committee', 'no committee candidate is a router of the cluster')
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
  const { keys, requests, groups, delta: atDelta, requestsPerRequester } = options;
  const assumedColluders = options.assumedColluders + (options.separateCommittee ? 0 : options.threshold - 1);
  const minParticipants = options.minParticipants ?? assumedColluders + HONEST_BY_DEFAULT;
  const routers = options.routers ?? minParticipants;
  if (assumedColluders >= minParticipants)
    throw new Usage(
      `no honest router would be left in a group of ${minParticipants} of which ${assumedColluders} are assumed to collude (--min-participants, --assumed-colluders, --threshold, --separate-committee)`,
    );
  if (routers < minParticipants)
    throw new Usage('fewer routers are expected than the smallest group has: no round would be opened');
  const fields = defaultFields({
    latencyBoundSeconds: options.latencyBound,
    cost: options.cost,
    quality: options.quality ?? false,
  });
  const sensitivity = requestNorm({ fields });
  const dimension = keys * fields.length;
  const honestQuorum = minParticipants - assumedColluders;
  const rounds = roundsOf(options);
  const share = honestQuorum / (routers - assumedColluders);
  const units =
    options.epsilon === undefined
      ? evenUnits(
          rhoToBudgetUnits(epsilonToRho(budgetEpsilonOf(options), atDelta)),
          (rounds as PlannedCount).count,
          share,
        )
      : rhoToBudgetUnits(epsilonToRho(options.epsilon, atDelta));
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
    min_participants: minParticipants,
    assumed_colluders: assumedColluders,
    honest_quorum: honestQuorum,
    epsilon_with_all_participants: epsilon(spent),
    rho_with_all_participants: spent,
    /** For everything of one requester at one router, where that many requests are taken. */
    epsilon_per_requester: epsilon(requestsPerRequester ** 2 * charged),
    ...budgetFigures(options, rounds, { chargeUnits: worstCase.units, costUnits: actual.units }),
    noise_per_router: Math.sqrt(variance),
    sensitivity,
    dimension,
    ...errorsPerKey(fields, Math.sqrt(groups * routers * variance), requests),
  };
}

/**
 * Of every key, since all coordinates carry the same noise. Means: in the middle of their range, where the centred sum
 * is 0.
 */
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

interface PlannedCount {
  /** Rounds that the budget is for. */
  readonly count: number;
  /** Absent where only their number was given. */
  readonly everyMs?: number;
}

const budgetEpsilonOf = ({ budgetEpsilon }: PlanOptions): number => {
  if (budgetEpsilon === undefined) throw new Usage('give --epsilon of a round, --budget-epsilon of all, or both');
  return budgetEpsilon;
};

/** The rounds that a budget is to last for; undefined without a budget. */
function roundsOf({
  budgetEpsilon,
  roundsPerDay,
  rounds,
  budgetDays,
  epsilon,
  budgetProtects,
}: PlanOptions): PlannedCount | undefined {
  if (budgetEpsilon === undefined && roundsPerDay === undefined && rounds === undefined) return undefined;
  if (epsilon === undefined && budgetProtects === 'event')
    throw new Usage('with `event` nothing is spread over rounds: give --epsilon, the price of every request');
  if ((roundsPerDay === undefined) === (rounds === undefined))
    throw new Usage('--budget-epsilon goes with either --rounds-per-day or --rounds');
  // A window of D days counts today and the D days before.
  if (rounds !== undefined) return { count: rounds };
  const perDay = roundsPerDay as number;
  return { count: Math.ceil(perDay * (budgetDays + 1)), everyMs: DAY_MS / perDay };
}

interface RoundUnits {
  readonly chargeUnits: number;
  readonly costUnits: number;
}

/** Both figures of the planned rounds, what is protected, and a warning where the budget does not last for them. */
function budgetFigures(options: PlanOptions, rounds: PlannedCount | undefined, round: RoundUnits) {
  const { budgetEpsilon, budgetDays, budgetProtects: protects, delta: atDelta } = options;
  const epsilon = (units: number): number => rhoToEpsilon(unitsToRho(units), atDelta);
  const window: Budget['window'] = options.rounds === undefined ? { days: budgetDays } : 'lifetime';
  const rho = budgetEpsilon === undefined ? undefined : epsilonToRho(budgetEpsilon, atDelta);
  const sum = rho === undefined ? Number.MAX_SAFE_INTEGER : rhoToBudgetUnits(rho);
  // As the policy would have it, whose largest round is this one.
  const budget: Budget = { units: protects === 'event' ? Math.min(sum, round.chargeUnits) : sum, window, protects };
  const warning = rho === undefined || rounds === undefined ? undefined : warningOf(options, budget, rounds, round);
  return {
    protects,
    protected: protectionStatement(budget, 'request'),
    /** The most that a single request is charged, which enters one round. */
    request_epsilon: epsilon(round.chargeUnits),
    ...(rounds
      ? {
          budget: {
            epsilon: rho === undefined ? null : rhoToEpsilon(rho, atDelta),
            rho: rho ?? null,
            rounds: rounds.count,
            epsilon_after_all_rounds: epsilon(round.costUnits * rounds.count),
          },
        }
      : {}),
    warnings: warning === undefined ? [] : [warning],
  };
}

function warningOf(
  { delta: atDelta }: PlanOptions,
  budget: Budget,
  { count: wanted, everyMs }: PlannedCount,
  round: RoundUnits,
): string | undefined {
  if (everyMs !== undefined)
    return scheduleAdvice({ budget, unit: 'request', delta: atDelta, ...round, everyMs })?.text;
  const { possible } = fitSchedule(budget, { ...round, everyMs: DAY_MS });
  if (possible >= wanted) return undefined;
  const even = rhoToEpsilon(unitsToRho(evenUnits(budget.units, wanted, round.costUnits / round.chargeUnits)), atDelta);
  return `the budget has room for ${possible} of ${wanted} rounds; all of them fit at epsilon ${Math.floor(1000 * even) / 1000} each`;
}
