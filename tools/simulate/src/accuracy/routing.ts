/** Whether a signal leads to the same choice of model as the truth, task by task. */
import { type FederatedRewardSignal, splitSignalKey } from '@secagg/schema';

type Signals = FederatedRewardSignal['reward_signals'];

/** Success rate by model. */
type Rates = ReadonlyMap<string, number>;

/** The rule `cheap_enough` accepts a cheaper model up to this much below the best success rate. */
export const MARGIN = 0.1;

export const RULES = ['better', 'cheap_enough'] as const;
/** `better`: the highest success rate. `cheap_enough`: the cheapest model within `MARGIN` of the highest. */
export type Rule = (typeof RULES)[number];

export interface Choices {
  readonly tasks: number;
  /** Tasks for which every model has a rate in the signal. */
  readonly decided: number;
  /** Tasks for which the signal leads to the choice that the truth leads to. */
  readonly right: number;
}

export class RoutingJudge {
  private readonly truth: ReadonlyMap<string, Rates>;
  /** From the cheapest on, by price list; the truth's mean cost stands in for one. */
  private readonly models: readonly string[];

  constructor(truth: Signals) {
    this.truth = byTask(truth);
    const prices = new Map<string, number[]>();
    for (const [key, { cost_efficiency: cost }] of Object.entries(truth)) {
      const { model } = splitSignalKey(key);
      prices.set(model, [...(prices.get(model) ?? []), cost ?? 0]);
    }
    const price = (model: string): number => mean(prices.get(model) ?? []);
    this.models = [...prices.keys()].sort((a, b) => price(a) - price(b));
  }

  judge(rule: Rule, signal: Signals): Choices {
    const told = byTask(signal);
    const tasks = [...this.truth.keys()];
    const decided = tasks.filter((task) => this.models.every((model) => told.get(task)?.has(model)));
    const right = decided.filter(
      (task) => this.choose(rule, told.get(task)) === this.choose(rule, this.truth.get(task)),
    );
    return { tasks: tasks.length, decided: decided.length, right: right.length };
  }

  /** Most tasks that any one model, taken always, gets right: what needs no signal at all. */
  bestConstant(rule: Rule): number {
    const choices = [...this.truth.values()].map((rates) => this.choose(rule, rates));
    return Math.max(...this.models.map((model) => choices.filter((choice) => choice === model).length));
  }

  private choose(rule: Rule, rates: Rates = new Map()): string | undefined {
    const best = Math.max(...rates.values());
    const least = rule === 'better' ? best : best - MARGIN;
    return this.models.find((model) => (rates.get(model) ?? -Infinity) >= least);
  }
}

function byTask(signals: Signals): Map<string, Map<string, number>> {
  const tasks = new Map<string, Map<string, number>>();
  for (const [key, entry] of Object.entries(signals)) {
    const { model, task } = splitSignalKey(key);
    const rates = tasks.get(task) ?? new Map<string, number>();
    tasks.set(task, rates.set(model, entry.success_rate));
  }
  return tasks;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
