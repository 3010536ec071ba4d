/** Models, tasks and requests of a fleet whose routers choose a model for each request. */
import { uniform } from '@secagg/testbed/random';

export const MODELS = 6;
export const TASKS = 8;

export const keyOf = (model: number, task: number): string => `model-${model}:task-${task}`;

export interface Request {
  readonly task: number;
  /** Uniform in [0, 1): whether the router tries a model at random, and which. */
  readonly explore: number;
  readonly pick: number;
  /** Uniform in [0, 1): the request succeeds with every model whose success rate is above it. */
  readonly luck: number;
}

export interface World {
  /** Success rate of each model for each task. */
  readonly rates: readonly (readonly number[])[];
  /** Success rate of the best model for each task. */
  readonly best: readonly number[];
  /** By round, router, and order of arrival; the same whatever the routers know. */
  readonly requests: readonly (readonly (readonly Request[])[])[];
}

/** Every router sees mostly two tasks of its own, and now and then any other. */
const OWN_TASKS = 2;
const OWN_SHARE = 0.7;

export function makeWorld(seed: number, rounds: number, routers: number, requestsPerRound: number): World {
  const next = uniform(seed);
  const below = (n: number) => Math.floor(n * next());
  const rates = Array.from({ length: MODELS }, () => {
    const general = 0.55 + 0.25 * next();
    return Array.from({ length: TASKS }, () => Math.min(0.97, Math.max(0.3, general + 0.4 * (next() - 0.5))));
  });
  const own = Array.from({ length: routers }, () => Array.from({ length: OWN_TASKS }, () => below(TASKS)));
  const request = (router: number): Request => ({
    task: next() < OWN_SHARE ? own[router][below(OWN_TASKS)] : below(TASKS),
    explore: next(),
    pick: next(),
    luck: next(),
  });
  return {
    rates,
    best: Array.from({ length: TASKS }, (_, task) => Math.max(...rates.map((byTask) => byTask[task]))),
    requests: Array.from({ length: rounds }, () =>
      Array.from({ length: routers }, (_, router) => Array.from({ length: requestsPerRound }, () => request(router))),
    ),
  };
}
