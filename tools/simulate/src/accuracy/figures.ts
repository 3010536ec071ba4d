/** How far published results are from the truth. */
import { type FederatedRewardSignal, type KeyDetails, type RewardSignal } from '@secagg/schema';
import { type AccuracyRound } from './fleet';
import { type Rule, RULES, type RoutingJudge } from './routing';
import { share, spread, type Spread } from './statistics';

export const MEANS = ['success_rate', 'avg_latency', 'cost_efficiency'] as const;
export type Mean = (typeof MEANS)[number];

type Signals = FederatedRewardSignal['reward_signals'];
type Result = Pick<AccuracyRound, 'counts'> & {
  readonly result: {
    readonly signal: { readonly reward_signals: Signals };
    readonly details: Readonly<Record<string, KeyDetails>>;
  };
};

export interface Figures {
  /** Absolute errors of what is published: success rate, seconds, USD per token. */
  readonly errors: Readonly<Record<Mean, Spread>>;
  /** Relative errors of the counts of all keys, withheld or not. */
  readonly count_error: Spread;
  /** Share of the keys. */
  readonly withheld: number;
  /** Share of the published numbers, before they are clamped, within so many of their standard errors. */
  readonly coverage: { readonly within_1: number | null; readonly within_2: number | null; readonly numbers: number };
  /** Shares of the tasks. */
  readonly routing: Readonly<Record<Rule, { readonly right: number; readonly decided: number }>>;
}

/** @param truth exact signal of the same requests, of every key of the results */
export function figuresOf(truth: Signals, judge: RoutingJudge, results: readonly Result[]): Figures {
  const standardised = results.flatMap(({ result }) =>
    Object.entries(result.details).flatMap(([key, details]) => standardisedErrors(truth[key], details)),
  );
  const errors = (mean: Mean): number[] =>
    results.flatMap(({ result }) =>
      Object.entries(result.signal.reward_signals).flatMap(([key, entry]) => {
        const [told, exact] = [entry[mean], truth[key][mean]];
        return told === undefined || exact === undefined ? [] : [Math.abs(told - exact)];
      }),
    );
  const published = results.map(({ result }) => Object.keys(result.signal.reward_signals).length);
  return {
    errors: {
      success_rate: spread(errors('success_rate')),
      avg_latency: spread(errors('avg_latency')),
      cost_efficiency: spread(errors('cost_efficiency')),
    },
    count_error: spread(
      results.flatMap(({ counts }) =>
        [...counts].map(([key, count]) => Math.abs(count / truth[key].total_samples - 1)),
      ),
    ),
    withheld: 1 - sum(published) / (results.length * Object.keys(truth).length),
    coverage: {
      within_1: share(standardised, (error) => Math.abs(error) <= 1),
      within_2: share(standardised, (error) => Math.abs(error) <= 2),
      numbers: standardised.length,
    },
    routing: Object.fromEntries(RULES.map((rule) => [rule, choicesOf(rule, judge, results)])) as Figures['routing'],
  };
}

function standardisedErrors(exact: RewardSignal, { unclamped, standard_errors: standardErrors }: KeyDetails): number[] {
  return (['total_samples', ...MEANS] as const).flatMap((measure) => {
    const [value, standardError, expected] = [unclamped[measure], standardErrors[measure], exact[measure]];
    return value === undefined || standardError === undefined || expected === undefined
      ? []
      : [(value - expected) / standardError];
  });
}

function choicesOf(rule: Rule, judge: RoutingJudge, results: readonly Result[]): { right: number; decided: number } {
  const choices = results.map(({ result }) => judge.judge(rule, result.signal.reward_signals));
  const tasks = sum(choices.map((entry) => entry.tasks));
  return {
    right: sum(choices.map((entry) => entry.right)) / tasks,
    decided: sum(choices.map((entry) => entry.decided)) / tasks,
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
