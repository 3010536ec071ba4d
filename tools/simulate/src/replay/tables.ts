/** The report as tables. */
import { table } from '../markdown';
import { type Estimate, type InputReport, type PolicyReport, type ReplayReport } from './report';

export const replayTables = (report: ReplayReport): string =>
  [
    `${report.routers} routers (${report.lateRouters} of them join at half-time), ${report.rounds} rounds, ${report.requestsPerRound} requests of a router in a round, ` +
      `a success worth USD ${report.successWorthUsd}; means over ${report.worlds} worlds, with their standard errors.`,
    ...report.inputs.map((input) => inputTable(input, report)),
  ].join('\n\n') + '\n';

export const titleOf = ({ name, coarse }: Pick<InputReport, 'name' | 'coarse'>): string =>
  coarse ? `${name}, coarser tasks` : name;

function inputTable(input: InputReport, report: ReplayReport): string {
  const models = input.models.map(
    ({ model, score, costUsd }) =>
      `\`${model}\` succeeds at ${percent(score)} for USD ${(1000 * costUsd).toPrecision(2)}`,
  );
  return [
    `### ${titleOf(input)}`,
    `${input.rows} rows, ${input.tasks} tasks, ${input.keys} keys, ${Math.round(input.requestsPerKey)} requests a key in all. ${models.join(', ')} a thousand requests. ` +
      `The new model is \`${input.newModel}\`.`,
    table(
      [
        'the router knows',
        'epsilon of all rounds',
        'of one',
        'noise on a count',
        'regret',
        'less than local-only by',
        'success',
        'USD per 1000',
        `late router, ${firstRounds(report)}`,
        'less than local-only by',
        'new model, since it came',
        'less than local-only by',
      ],
      input.policies.map((policy) => [
        nameOf(policy),
        policy.epsilon === undefined ? '' : String(policy.epsilon),
        policy.epsilonOfRound === undefined ? '' : policy.epsilonOfRound.toPrecision(2),
        policy.countNoise === undefined ? '' : `±${policy.countNoise.toPrecision(2)}`,
        shown(policy.regret),
        less(policy, policy.againstLocal),
        percent(policy.success.mean),
        policy.costPer1000Usd.mean.toPrecision(2),
        shown(policy.lateRegret),
        less(policy, policy.lateAgainstLocal),
        shown(policy.newModelRegret),
        less(policy, policy.newModelAgainstLocal),
      ]),
    ),
  ].join('\n\n');
}

export function nameOf({ knows, model }: PolicyReport): string {
  if (knows === 'always') return `nothing: always \`${model}\``;
  return {
    oracle: 'the truth',
    local: 'its own requests',
    federated: 'and rounds',
    pooled: 'all requests, in the clear',
  }[knows];
}

export const firstRounds = ({ coldRounds }: Pick<ReplayReport, 'coldRounds'>): string =>
  coldRounds === 1 ? 'its first round' : `its first ${coldRounds} rounds`;

const shown = ({ mean, standardError }: Estimate): string => `${fixed(mean)}${plusMinus(standardError)}`;

const less = ({ knows }: PolicyReport, { mean, standardError }: Estimate): string =>
  knows === 'federated' || knows === 'pooled' ? `${fixed(-mean)}${plusMinus(standardError)}` : '';

const plusMinus = (standardError: number): string =>
  Number.isFinite(standardError) ? ` ±${fixed(standardError)}` : '';

/** Without a minus before zero. */
const fixed = (value: number): string => value.toFixed(4).replace(/^-(0\.0*)$/, '$1');

const percent = (value: number): string => `${(100 * value).toFixed(1)}%`;
