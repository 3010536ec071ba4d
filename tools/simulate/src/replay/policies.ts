/**
 * How routers choose: by what they believe of each model (docs/priors.md), drawn from its distribution (Thompson
 * sampling), or without believing anything.
 */
import { epsilonToRho } from '@secagg/dp-noise';
import {
  noOwnStatistics,
  addStatistics,
  type OwnBucket,
  type OwnStatistics,
  type Prior,
  priorOf,
  priorOptionsSchema,
  type RoundEvidence,
  statisticsOf,
  type SummedRound,
} from '@secagg/priors';
import { defaultFields, joinKey, type RewardObservation } from '@secagg/schema';
import { uniform } from '@secagg/testbed/random';
import { type CheckedRound, CheckedRounds, DELTA_INVERSE } from '../checked-rounds';
import { betaDraw } from './beta-draw';
import { lateRouters, type Policy, type World } from './play';

/** Knows the truth. */
export const oracle = ({ outcomes }: World): Policy => ({
  choose: (_router, { task }, models, worth) =>
    best(models, (model) => worth(model, outcomes.truth[model][task].score)),
});

/** One model for everything; where it is not there yet, the first that is. */
export const always = (model: number): Policy => ({
  choose: (_router, _request, models) => (models.includes(model) ? model : models[0]),
});

/** The first of equals. */
const best = (models: readonly number[], worth: (model: number) => number): number => {
  const worths = models.map(worth);
  return models[worths.indexOf(Math.max(...worths))];
};

/** Time from round to round: what was seen long ago counts less (docs/priors.md, "Evidence"). */
const ROUND_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 1);
const options = priorOptionsSchema.parse({});

type Beta = Prior['success'];
type Seen = readonly (readonly RewardObservation[] | undefined)[];

/** What the routers believe; `evidence` is all that is known of a key at the beginning of a round. */
class Believing implements Policy {
  private round = 0;
  private believed = new Map<string, Beta>();
  /** Of this round, by router and key: a router knows its own requests at once. */
  private fresh = new Map<string, { successes: number; failures: number }>();

  constructor(
    private readonly world: World,
    private readonly know: Knowing,
  ) {}

  choose(
    router: number,
    { task, dice }: Parameters<Policy['choose']>[1],
    models: readonly number[],
    worth: Parameters<Policy['choose']>[3],
  ): number {
    const { models: names, tasks } = this.world.outcomes;
    const next = uniform(dice);
    // A draw for every model of the file, there or not: dice fall the same whatever is known.
    const draws = names.map((model) => betaDraw(this.belief(router, joinKey(model, tasks[task])), next));
    return best(models, (model) => worth(model, draws[model]));
  }

  seen(router: number, { model, task, success }: RewardObservation): void {
    const name = `${router} ${joinKey(model, task)}`;
    const before = this.fresh.get(name) ?? { successes: 0, failures: 0 };
    this.fresh.set(name, {
      successes: before.successes + Number(success),
      failures: before.failures + Number(!success),
    });
  }

  roundOver(observations: Seen): void {
    this.know.learn(observations, START_MS + this.round * ROUND_MS);
    this.round++;
    this.believed = new Map();
    this.fresh = new Map();
  }

  private belief(router: number, key: string): Beta {
    const name = `${router} ${key}`;
    let before = this.believed.get(name);
    if (!before) {
      const nowMs = START_MS + this.round * ROUND_MS;
      before = priorOf(key, { ...this.know.evidence(router, key), nowMs, isListed: true }, options).success;
      this.believed.set(name, before);
    }
    const { successes, failures } = this.fresh.get(name) ?? { successes: 0, failures: 0 };
    return { alpha: before.alpha + successes, beta: before.beta + failures };
  }
}

interface Knowing {
  evidence(
    router: number,
    key: string,
  ): { readonly rounds: readonly RoundEvidence[]; readonly own: readonly OwnBucket[] };
  learn(observations: Seen, timeMs: number): void;
}

/** Requests by key, without noise. */
class Buckets {
  private readonly byKey = new Map<string, OwnBucket[]>();

  of(key: string): readonly OwnBucket[] {
    return this.byKey.get(key) ?? [];
  }

  add(observations: readonly RewardObservation[], timeMs: number): void {
    const sums = new Map<string, OwnStatistics>();
    for (const observation of observations) {
      const key = joinKey(observation.model, observation.task);
      sums.set(key, addStatistics(sums.get(key) ?? noOwnStatistics, onlySuccess(observation)));
    }
    for (const [key, statistics] of sums) this.byKey.set(key, [...this.of(key), { timeMs, statistics }]);
  }
}

/** Choices go by success alone, and costs are known: the rest would only take time. */
const onlySuccess = (observation: RewardObservation): OwnStatistics => {
  const { count, successes } = statisticsOf(observation);
  return { ...noOwnStatistics, count, successes };
};

/** From a router's own requests alone. */
export function local(world: World): Policy {
  const own = Array.from({ length: world.options.routers }, () => new Buckets());
  return new Believing(world, {
    evidence: (router, key) => ({ rounds: [], own: own[router].of(key) }),
    learn: (observations, timeMs) => observations.forEach((seen, router) => own[router].add(seen ?? [], timeMs)),
  });
}

/** From everybody's requests in the clear, after each round. */
export function pooled(world: World): Policy {
  const all = new Buckets();
  return new Believing(world, {
    evidence: (_router, key) => ({ rounds: [], own: all.of(key) }),
    learn: (observations, timeMs) =>
      all.add(
        observations.flatMap((seen) => seen ?? []),
        timeMs,
      ),
  });
}

/** Zero-concentrated cost of each of `rounds` that together cost `epsilon`. */
export const rhoOfRound = (epsilon: number, rounds: number): number =>
  epsilonToRho(epsilon, 1 / DELTA_INVERSE) / rounds;

/** Choices go by success: latencies only have to be there. */
const FIELDS = defaultFields({ weights: { latency: 1 / 16 } });

/**
 * From rounds of the protocol and a router's own requests, each counted once. `countNoise`: standard deviation of the
 * noise on a count of requests, in the sum of all rounds so far.
 */
export function federated(
  world: World,
  epsilon: number,
  seed?: string,
): Policy & { readonly countNoise: () => number } {
  const { outcomes, options: play } = world;
  const rounds = new CheckedRounds({
    routers: play.routers,
    minParticipants: play.routers - lateRouters(play),
    keys: outcomes.models.flatMap((model) => outcomes.tasks.map((task) => joinKey(model, task))),
    fields: FIELDS,
    maxRequests: play.requests,
    rho: rhoOfRound(epsilon, play.rounds),
    seed,
  });
  const own = Array.from({ length: play.routers }, () => new Buckets());
  const told = own.map((): RoundEvidence[] => []);
  let variance = 0;
  const policy = new Believing(world, {
    evidence: (router, key) => ({ rounds: told[router], own: own[router].of(key) }),
    learn: (observations, timeMs) => {
      const round = rounds.run(observations);
      const sums = successesOf(round);
      variance += round.noiseVariance;
      observations.forEach((seen, router) => {
        own[router].add(seen ?? [], timeMs);
        const vector = round.vectors[router];
        told[router].push({
          cluster: rounds.cluster,
          round: told[router].length + 1,
          timeMs,
          participants: round.participants,
          epsilon,
          source: vector ? { ...sums, own: columns(round.layout, vector) } : sums,
        });
      });
    },
  });
  const { scale } = FIELDS.find(({ name }) => name === 'samples') as (typeof FIELDS)[number];
  return Object.assign(policy, { countNoise: () => Math.sqrt(variance) / scale });
}

const isNeeded = ({ name }: { readonly name: string }): boolean => name === 'samples' || name === 'successes';

const successesOf = ({ layout, sums, noiseVariance }: CheckedRound): SummedRound => ({
  kind: 'sums',
  layout: { keys: layout.keys, fields: layout.fields.filter(isNeeded) },
  sums: columns(layout, sums),
  noiseVariance,
});

/** The fields that are needed, of each key. */
function columns({ keys, fields }: CheckedRound['layout'], vector: Float64Array): Float64Array {
  const kept = fields.flatMap((field, i) => (isNeeded(field) ? [i] : []));
  return Float64Array.from(keys.flatMap((_, k) => kept.map((i) => vector[k * fields.length + i])));
}
