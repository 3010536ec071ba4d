/**
 * Is it worth it? Routers choose a model for every request by what they know: from their own requests (`local`), from
 * everybody's in the clear (`pooled`), or from rounds of the protocol with noise (`federated`). Regret: by how much the
 * success rate of the chosen model stays below that of the best one, mean over all requests, those spent on trying
 * models at random included.
 */
import { choose, type Knowledge, type Outcome, stronger, Tally } from './evidence';
import { Federation } from './federation';
import { makeWorld, MODELS, TASKS, type World } from './world';

export interface RoutingOptions {
  readonly routers: number;
  readonly rounds: number;
  /** Requests of a router in a round. */
  readonly requestsPerRouter: number;
  /** Repeatable keys and noise; undefined: the operating system's randomness. */
  readonly seed?: string;
  /** Fleets, models and requests drawn afresh; regrets are means over them. */
  readonly worlds: number;
}

export const EPSILONS = [0.5, 1, 2, 4, 8] as const;

export interface RoutingReport {
  /** The sums of all federated rounds were exactly those of the vectors and noise sent. */
  readonly checked: true;
  readonly regret: {
    readonly local: number;
    /** By epsilon of all rounds together, at delta 10^-6 per request. */
    readonly federated: Readonly<Record<string, number>>;
    readonly pooled: number;
  };
  readonly routers: number;
  readonly rounds: number;
  /** In one world. */
  readonly requests: number;
  readonly keys: number;
  readonly worlds: number;
}

const EXPLORE = 0.1;

export function routingReport(options: RoutingOptions): RoutingReport {
  const { routers, rounds, requestsPerRouter, worlds } = options;
  const mean = (regret: (world: World, name: string) => number): number =>
    Array.from({ length: worlds }, (_, i) =>
      regret(makeWorld(i + 1, rounds, routers, requestsPerRouter), `world ${i + 1}`),
    ).reduce((a, b) => a + b) / worlds;
  return {
    checked: true,
    regret: {
      local: mean((world) =>
        regretOf(
          world,
          (own) => own,
          () => undefined,
        ),
      ),
      federated: Object.fromEntries(
        EPSILONS.map((epsilon) => [
          String(epsilon),
          mean((world, name) => federatedRegret(options, epsilon, world, name)),
        ]),
      ),
      pooled: mean(pooledRegret),
    },
    routers,
    rounds,
    requests: routers * rounds * requestsPerRouter,
    keys: MODELS * TASKS,
    worlds,
  };
}

function federatedRegret(
  { routers, rounds, requestsPerRouter, seed }: RoutingOptions,
  epsilon: number,
  world: World,
  name: string,
): number {
  const federation = new Federation({
    routers,
    rounds,
    epsilon,
    maxRequests: requestsPerRouter,
    ...(seed === undefined ? {} : { seed: `${seed} ${name} ${epsilon}` }),
  });
  return regretOf(
    world,
    (own) => stronger(own, federation.knowledge),
    (outcomes) => federation.share(outcomes),
  );
}

function pooledRegret(world: World): number {
  const everybody = new Tally();
  return regretOf(
    world,
    (own) => stronger(own, everybody.know),
    (outcomes) => outcomes.flat().forEach((outcome) => everybody.add(outcome)),
  );
}

/**
 * @param knowledge of a router, from what it has seen itself, during one round
 * @param share called after each round with what every router has seen in it
 */
function regretOf(
  world: World,
  knowledge: (own: Knowledge) => Knowledge,
  share: (outcomes: readonly (readonly Outcome[])[]) => void,
): number {
  const own = world.requests[0].map(() => new Tally());
  let regret = 0;
  let count = 0;
  for (const round of world.requests) {
    const outcomes = round.map((requests, router) => {
      // Nothing is heard from others during a round; a router's own requests it knows at once.
      const know = knowledge(own[router].know);
      return requests.map(({ task, explore, pick, luck }): Outcome => {
        const model = explore < EXPLORE ? Math.floor(MODELS * pick) : choose(task, know);
        const outcome = { model, task, success: luck < world.rates[model][task] };
        regret += world.best[task] - world.rates[model][task];
        count++;
        own[router].add(outcome);
        return outcome;
      });
    });
    share(outcomes);
  }
  return regret / count;
}
