/**
 * Routers of a fleet choose a model for every request, round after round; what they get is what the file says, and is
 * compared with the best choice.
 */
import { type RewardObservation } from '@secagg/schema';
import { uniform } from '@secagg/testbed/random';
import { type Draw, type Outcomes } from './read-outcomes';

export interface PlayOptions {
  readonly routers: number;
  readonly rounds: number;
  /** Of a router in a round. */
  readonly requests: number;
  /** What a success is worth: choices weigh it against the cost of the request. */
  readonly successWorthUsd: number;
}

/** `newModel`: the best model of the file is not there before the second half of the rounds. */
export type Timeline = 'steady' | 'newModel';

/** One of so many routers joins at half-time, without any request of its own. */
const ONE_IN_LATE = 10;
/** Rounds after they join over which their regret is taken. */
export const COLD_ROUNDS = 1;

export const lateRouters = ({ routers }: PlayOptions): number => Math.max(1, Math.round(routers / ONE_IN_LATE));
export const halfTime = ({ rounds }: PlayOptions): number => Math.floor(rounds / 2);

export interface Request extends Draw {
  /** Uniform in [0, 1): a model succeeds whose score is above it. */
  readonly luck: number;
  /** Seed of the router's own dice. */
  readonly dice: number;
}

export interface World {
  readonly outcomes: Outcomes;
  readonly options: PlayOptions;
  /**
   * By round, router, and order of arrival; the same whatever the routers know. Undefined for a router that has not
   * joined yet.
   */
  readonly requests: readonly (readonly (readonly Request[] | undefined)[])[];
}

export function makeWorld(outcomes: Outcomes, options: PlayOptions, seed: number): World {
  const next = uniform(seed);
  const joined = options.routers - lateRouters(options);
  return {
    outcomes,
    options,
    requests: Array.from({ length: options.rounds }, (_, round) =>
      Array.from({ length: options.routers }, (__, router) => {
        const requests = Array.from({ length: options.requests }, () => ({
          ...outcomes.draw(next),
          luck: next(),
          dice: Math.floor(next() * 2 ** 32),
        }));
        return router < joined || round >= halfTime(options) ? requests : undefined;
      }),
    ),
  };
}

export interface Policy {
  /**
   * @param worth of a model at the task, in successes, less its cost: given the chance of success
   * @param models that are there, by number
   */
  choose(router: number, request: Request, models: readonly number[], worth: Worth): number;
  /** Told at once of what came of a request. */
  seen?(router: number, observation: RewardObservation): void;
  /** Called after each round with what every router has seen in it; undefined for one that was not there. */
  roundOver?(observations: readonly (readonly RewardObservation[] | undefined)[]): void;
}

export type Worth = (model: number, success: number) => number;

/** Means over the requests. */
export interface Figures {
  /** How much less the chosen model is worth than the best one that is there, in successes. */
  readonly regret: number;
  readonly success: number;
  readonly costUsd: number;
}

export interface Played {
  readonly all: Figures;
  /** Of the routers that join late, in their first rounds. */
  readonly late: Figures;
  /** Of all routers, in the second half of the rounds. */
  readonly secondHalf: Figures;
}

export function play(world: World, policy: Policy, timeline: Timeline = 'steady'): Played {
  const { outcomes, options, requests } = world;
  const half = halfTime(options);
  const all = outcomes.models.map((_, model) => model);
  const newcomer = bestOverall(world);
  const early = all.filter((model) => timeline === 'steady' || model !== newcomer);
  const joined = options.routers - lateRouters(options);
  const totals = { all: new Total(), late: new Total(), secondHalf: new Total() };
  requests.forEach((byRouter, round) => {
    const models = round < half ? early : all;
    const seen = byRouter.map((list, router) =>
      list?.map((request) => {
        const worth: Worth = (model, success) => success - costOf(world, model, request.task);
        const model = policy.choose(router, request, models, worth);
        const worths = models.map((each) => worth(each, outcomes.truth[each][request.task].score));
        const regret = Math.max(...worths) - worth(model, outcomes.truth[model][request.task].score);
        const observation = observationOf(outcomes, request, model);
        const figures = { regret, success: Number(observation.success), costUsd: observation.cost_usd as number };
        totals.all.add(figures);
        if (round >= half) totals.secondHalf.add(figures);
        if (router >= joined && round < half + COLD_ROUNDS) totals.late.add(figures);
        policy.seen?.(router, observation);
        return observation;
      }),
    );
    policy.roundOver?.(seen);
  });
  return { all: totals.all.mean(), late: totals.late.mean(), secondHalf: totals.secondHalf.mean() };
}

/** Of a request, in successes. Known to routers: a price list says it. */
const costOf = ({ outcomes, options }: World, model: number, task: number): number =>
  outcomes.truth[model][task].costUsd / options.successWorthUsd;

/** The model that is worth most where one is taken for everything. */
export function bestOverall({ outcomes, options }: Pick<World, 'outcomes' | 'options'>): number {
  const worths = outcomes.overall.map(({ score, costUsd }) => score - costUsd / options.successWorthUsd);
  return worths.indexOf(Math.max(...worths));
}

function observationOf({ models, tasks }: Outcomes, request: Request, model: number): RewardObservation {
  const { score, costUsd, tokens, latencyS } = request.outcomes[model];
  return {
    model: models[model],
    task: tasks[request.task],
    success: request.luck < score,
    latency_s: latencyS,
    cost_usd: costUsd,
    tokens,
  };
}

class Total {
  private count = 0;
  private readonly sums = { regret: 0, success: 0, costUsd: 0 };

  add(figures: Figures): void {
    this.count++;
    for (const name of ['regret', 'success', 'costUsd'] as const) this.sums[name] += figures[name];
  }

  mean(): Figures {
    const { regret, success, costUsd } = this.sums;
    return { regret: regret / this.count, success: success / this.count, costUsd: costUsd / this.count };
  }
}
