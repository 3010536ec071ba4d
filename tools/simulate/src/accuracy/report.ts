/** Accuracy against epsilon, for both privacy units. */
import { type FieldOptions, type RewardObservation, signalFromObservations } from '@secagg/schema';
import { type Figures, figuresOf } from './figures';
import { AccuracyFleet, type AccuracyRound, DELTA_INVERSE, type Unit } from './fleet';
import { type AccuracyOptions } from './options';
import { type Rule, RULES, RoutingJudge } from './routing';

export const EPSILONS = [0.25, 0.5, 1, 2, 4] as const;

/** What an operator can know without data: a time-out of the requests, and the dearest model of the price list. */
const TIGHT_BOUNDS = { latencyBoundSeconds: 30, costBoundUsdPerToken: 3e-5 };

export interface EpsilonRow extends Figures {
  /** As the audit of the rounds gives it, at `delta`. */
  readonly epsilon: number;
  readonly rho: number;
  readonly rounds: number;
  /** Of every key's count, in requests. */
  readonly count_standard_error: number;
  /** Measured noise variance over the published one, mean over the rounds. */
  readonly noise_ratio: number;
}

export interface FleetReport {
  readonly title: string;
  readonly unit: Unit;
  readonly routers: number;
  /** How many of the fleet's routers see the same requests. */
  readonly copies: number;
  /** Latency and cost bounded as in `TIGHT_BOUNDS` instead of by the defaults. */
  readonly tight_bounds: boolean;
  readonly fields: number;
  readonly units_per_request: number;
  readonly clip_norm: number;
  /** The same in requests: clip norm over units per request. */
  readonly clip_norm_requests: number;
  /** Share of the contributions that were longer than the clip norm; null for unit `request`. */
  readonly clipped: number | null;
  readonly rows: readonly EpsilonRow[];
}

export interface AccuracyReport {
  readonly requests: number;
  readonly keys: number;
  readonly tasks: number;
  readonly requests_per_key: { readonly least: number; readonly median: number; readonly most: number };
  readonly delta: number;
  readonly expected_requests: number;
  /** Share of the tasks that the best choice of one model for all tasks gets right. */
  readonly constant_choice: Readonly<Record<Rule, number>>;
  readonly fleets: readonly FleetReport[];
}

type Input = Pick<AccuracyOptions, 'routers' | 'copies' | 'repetitions' | 'expectedRequests' | 'seed'>;

const header = { aggregation_round: 1, cluster_hash: '0'.repeat(64), timestamp: '1970-01-01T00:00:00Z' };

/** @param progress told of every fleet before its rounds begin */
export function accuracyReport(
  observations: readonly RewardObservation[],
  input: Input,
  progress: (what: string) => void,
): AccuracyReport {
  const { routers } = input;
  const truth = signalFromObservations(observations, header).reward_signals;
  const judge = new RoutingJudge(truth);
  const requests = Array.from({ length: routers }, (_, r) => observations.filter((_, i) => i % routers === r));
  const counts = Object.values(truth)
    .map((entry) => entry.total_samples)
    .sort((a, b) => a - b);
  const { tasks } = judge.judge('better', truth);
  return {
    requests: observations.length,
    keys: counts.length,
    tasks,
    requests_per_key: { least: counts[0], median: counts[counts.length >> 1], most: counts[counts.length - 1] },
    delta: 1 / DELTA_INVERSE,
    expected_requests: input.expectedRequests,
    constant_choice: Object.fromEntries(RULES.map((rule) => [rule, judge.bestConstant(rule) / tasks])) as Record<
      Rule,
      number
    >,
    fleets: casesOf(input).map((entry) => {
      progress(`${entry.title} ...`);
      const seed = input.seed === undefined ? undefined : `${input.seed}/${entry.title}`;
      const fleet = new AccuracyFleet({
        unit: entry.unit,
        requests,
        copies: entry.copies,
        fields: entry.fields,
        expectedRequests: input.expectedRequests,
        seed,
      });
      const scaled = Object.fromEntries(
        Object.entries(truth).map(([key, value]) => [
          key,
          { ...value, total_samples: value.total_samples * entry.copies },
        ]),
      );
      return fleetReport(entry, fleet, (rounds) => figuresOf(scaled, judge, rounds));
    }),
  };
}

interface Case {
  readonly title: string;
  readonly unit: Unit;
  readonly copies: number;
  readonly repetitions: number;
  readonly fields: FieldOptions;
}

function casesOf({ routers, copies, repetitions }: Input): Case[] {
  // Noise of unit `router` is some hundred times larger; coarser units keep it within what the sampler makes.
  const coarse = { unitsPerRequest: 4096 };
  const { latencyBoundSeconds, costBoundUsdPerToken } = TIGHT_BOUNDS;
  return [
    { title: `unit request, ${routers} routers`, unit: 'request', copies: 1, repetitions, fields: {} },
    {
      title: `unit request, ${routers} routers, bounds ${latencyBoundSeconds} s and ${costBoundUsdPerToken.toExponential()} USD/token`,
      unit: 'request',
      copies: 1,
      repetitions,
      fields: TIGHT_BOUNDS,
    },
    { title: `unit router, ${routers} routers`, unit: 'router', copies: 1, repetitions, fields: coarse },
    ...(copies > 1
      ? [
          {
            title: `unit router, ${routers * copies} routers (${copies} like each of the ${routers})`,
            unit: 'router' as const,
            copies,
            repetitions: 1,
            fields: coarse,
          },
        ]
      : []),
  ];
}

function fleetReport(entry: Case, fleet: AccuracyFleet, figures: (rounds: AccuracyRound[]) => Figures): FleetReport {
  const { title, unit, copies, repetitions } = entry;
  const perEpsilon = EPSILONS.map((epsilon) => Array.from({ length: repetitions }, () => fleet.run(epsilon)));
  const all = perEpsilon.flat();
  const [{ config }] = all;
  const { scale } = config.layout.fields[0];
  return {
    title,
    unit,
    routers: fleet.routers,
    copies,
    tight_bounds: entry.fields === TIGHT_BOUNDS,
    fields: config.layout.fields.length,
    units_per_request: scale,
    clip_norm: config.privacy.clip_norm,
    clip_norm_requests: config.privacy.clip_norm / scale,
    clipped: unit === 'request' ? null : mean(all.map((round) => round.clippedRouters)) / fleet.routers,
    rows: perEpsilon.map((rounds) => ({
      epsilon: rounds[0].result.privacy.epsilon,
      rho: rounds[0].result.privacy.rho,
      rounds: rounds.length,
      count_standard_error: rounds[0].result.signal.noise_scale ?? 0,
      noise_ratio: mean(rounds.map((round) => round.noiseRatio)),
      ...figures(rounds),
    })),
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
