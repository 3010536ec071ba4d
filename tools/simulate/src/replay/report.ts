/** What knowing more is worth on real outcomes: regret and cost by what routers know, over several seeds. */
import { rhoToEpsilon } from '@secagg/dp-noise';
import { always, federated, local, oracle, pooled, rhoOfRound } from './policies';
import {
  bestOverall,
  COLD_ROUNDS,
  halfTime,
  lateRouters,
  makeWorld,
  play,
  type Played,
  type PlayOptions,
  type Policy,
  type World,
} from './play';
import { type Outcomes } from './read-outcomes';
import { DELTA_INVERSE } from '../checked-rounds';

export const EPSILONS = [0.5, 1, 2, 4, 8] as const;

export interface ReplayOptions extends PlayOptions {
  /** Fleets and requests drawn afresh; figures are means over them. */
  readonly worlds: number;
  /** Repeatable worlds, keys and noise; undefined: the first worlds, and the operating system's randomness. */
  readonly seed?: string;
}

/** Over worlds. */
export interface Estimate {
  readonly mean: number;
  readonly standardError: number;
}

export interface PolicyReport {
  readonly knows: 'oracle' | 'always' | 'local' | 'federated' | 'pooled';
  /** Of `always`. */
  readonly model?: string;
  /** Of all rounds together, and of a round alone, which is what any single request pays. */
  readonly epsilon?: number;
  readonly epsilonOfRound?: number;
  /** Of `federated`: standard deviation of the noise on a count of requests, in the sum of all rounds. */
  readonly countNoise?: number;
  /** All of these in successes for each request. */
  readonly regret: Estimate;
  /** The same, less that of `local` in the same worlds. */
  readonly againstLocal: Estimate;
  readonly success: Estimate;
  readonly costPer1000Usd: Estimate;
  /** Of routers that join at half-time, in their first rounds. */
  readonly lateRegret: Estimate;
  readonly lateAgainstLocal: Estimate;
  /** Where the best model of the file is there from half-time on: regret since then. */
  readonly newModelRegret: Estimate;
  readonly newModelAgainstLocal: Estimate;
}

export interface InputReport {
  readonly name: string;
  readonly coarse: boolean;
  readonly paired: boolean;
  readonly rows: number;
  readonly models: readonly { readonly model: string; readonly score: number; readonly costUsd: number }[];
  readonly tasks: number;
  readonly keys: number;
  readonly requestsPerKey: number;
  readonly newModel: string;
  readonly policies: readonly PolicyReport[];
}

export interface ReplayReport {
  /** The sums of all federated rounds were exactly those of the vectors and noise sent. */
  readonly checked: true;
  readonly routers: number;
  readonly lateRouters: number;
  readonly coldRounds: number;
  readonly rounds: number;
  readonly requestsPerRound: number;
  readonly successWorthUsd: number;
  readonly worlds: number;
  readonly inputs: readonly InputReport[];
}

export interface ReplayInput {
  readonly name: string;
  readonly coarse: boolean;
  readonly outcomes: Outcomes;
}

interface Candidate extends Pick<PolicyReport, 'knows' | 'model' | 'epsilon' | 'epsilonOfRound'> {
  readonly policy: (world: World, seed: string | undefined) => Policy & { readonly countNoise?: () => number };
}

export function replayReport(
  inputs: readonly ReplayInput[],
  options: ReplayOptions,
  progress: (what: string) => void = () => undefined,
): ReplayReport {
  return {
    checked: true,
    routers: options.routers,
    lateRouters: lateRouters(options),
    coldRounds: Math.min(COLD_ROUNDS, options.rounds - halfTime(options)),
    rounds: options.rounds,
    requestsPerRound: options.requests,
    successWorthUsd: options.successWorthUsd,
    worlds: options.worlds,
    inputs: inputs.map((input) => inputReport(input, options, progress)),
  };
}

function inputReport(
  { name, coarse, outcomes }: ReplayInput,
  options: ReplayOptions,
  progress: (what: string) => void,
): InputReport {
  const seedOf = (world: number, what: string) =>
    options.seed === undefined ? undefined : `${options.seed} ${name} ${coarse} ${world} ${what}`;
  const worlds = Array.from({ length: options.worlds }, (_, i) =>
    makeWorld(outcomes, options, hash(`${options.seed ?? ''} ${name} ${i}`)),
  );
  const run = ({ knows, policy, epsilon }: Candidate): Run[] =>
    worlds.map((world, i) => {
      progress(
        `${name}${coarse ? ', coarse' : ''}: ${knows}${epsilon === undefined ? '' : ` at epsilon ${epsilon}`}, world ${i + 1}`,
      );
      const steady = policy(world, seedOf(i, `steady ${epsilon}`));
      return {
        steady: play(world, steady),
        newModel: play(world, policy(world, seedOf(i, `new ${epsilon}`)), 'newModel'),
        countNoise: steady.countNoise?.(),
      };
    });
  const candidates = candidatesOf(outcomes, options);
  const runs = candidates.map(run);
  const ofLocal = runs[candidates.findIndex(({ knows }) => knows === 'local')];
  const keys = outcomes.models.length * outcomes.tasks.length;
  const { models, tasks, overall, paired, rows } = outcomes;
  const shown = bestOverall({ outcomes, options });
  return {
    name,
    coarse,
    paired,
    rows,
    models: models.map((model, i) => ({ model, ...overall[i] })),
    tasks: tasks.length,
    keys,
    requestsPerKey: (options.routers * options.rounds * options.requests) / keys,
    newModel: models[shown],
    policies: candidates.map(({ policy: _, ...about }, i) => ({ ...about, ...figuresOf(runs[i], ofLocal) })),
  };
}

function candidatesOf({ models }: Outcomes, { rounds }: PlayOptions): Candidate[] {
  return [
    { knows: 'oracle', policy: oracle },
    ...models.map((model, i): Candidate => ({ knows: 'always', model, policy: () => always(i) })),
    { knows: 'local', policy: local },
    ...EPSILONS.map(
      (epsilon): Candidate => ({
        knows: 'federated',
        epsilon,
        epsilonOfRound: rhoToEpsilon(rhoOfRound(epsilon, rounds), 1 / DELTA_INVERSE),
        policy: (world, seed) => federated(world, epsilon, seed),
      }),
    ),
    { knows: 'pooled', policy: pooled },
  ];
}

interface Run {
  readonly steady: Played;
  readonly newModel: Played;
  readonly countNoise?: number;
}

function figuresOf(runs: readonly Run[], ofLocal: readonly Run[]): Omit<PolicyReport, 'knows'> {
  const of = (value: (run: Run) => number): Estimate => estimate(runs.map(value));
  const against = (value: (run: Run) => number): Estimate =>
    estimate(runs.map((run, i) => value(run) - value(ofLocal[i])));
  const regret = ({ steady }: Run): number => steady.all.regret;
  const late = ({ steady }: Run): number => steady.late.regret;
  const newModel = (run: Run): number => run.newModel.secondHalf.regret;
  const { countNoise } = runs[0];
  return {
    ...(countNoise === undefined ? {} : { countNoise }),
    regret: of(regret),
    againstLocal: against(regret),
    success: of(({ steady }) => steady.all.success),
    costPer1000Usd: of(({ steady }) => 1000 * steady.all.costUsd),
    lateRegret: of(late),
    lateAgainstLocal: against(late),
    newModelRegret: of(newModel),
    newModelAgainstLocal: against(newModel),
  };
}

/** The standard error of a single value is not known: 0 would be a claim. */
export function estimate(values: readonly number[]): Estimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, standardError: values.length > 1 ? Math.sqrt(square / values.length) : NaN };
}

/** FNV-1a, for worlds only. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ character.charCodeAt(0), 0x01000193);
  return value >>> 0;
}
