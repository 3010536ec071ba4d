/** From rounds and own requests to what is believed of one key. */
import { splitSignalKey } from '@secagg/schema';
import { type CellEvidence, type Measure, type NoisyRatio, type RoundEvidence } from './evidence';
import { pooled } from './likelihood';
import { positiveMeanPosterior, scorePosterior } from './mean';
import { type Moments } from './moments';
import { type PriorOptions, weightAt } from './options';
import { addStatistics, noOwnStatistics, type OwnBucket, type OwnStatistics } from './own';
import { type Prior, type PriorState } from './prior';
import { cellOfResult } from './result-cell';
import { type Beta, betaOf, capped, successPosterior } from './success';
import { cellOfSums } from './sums-cell';
import { volumePosterior } from './volume';

export interface KeyEvidence {
  readonly rounds: readonly RoundEvidence[];
  /** Left out for priors that are meant for others. */
  readonly own?: readonly OwnBucket[];
  readonly nowMs: number;
  /** Whether the newest catalogue has the key. */
  readonly isListed: boolean;
}

interface Told {
  readonly cell: CellEvidence;
  readonly weight: number;
  readonly timeMs: number;
  readonly round: RoundEvidence;
}

/** Bounds that are assumed where no round tells them: those of `defaultFields`. */
const BOUND = { latency: 60, cost: 1e-4 };

export const cellOf = ({ source }: RoundEvidence, key: string): CellEvidence | undefined =>
  source.kind === 'sums' ? cellOfSums(source, key) : cellOfResult(source, key);

/** Throws for what is no key. */
export function priorOf(key: string, evidence: KeyEvidence, options: PriorOptions): Prior {
  const { nowMs, isListed } = evidence;
  const limitMs = nowMs - options.age_limit_hours * 3_600_000;
  const all = told(key, evidence, options);
  const fresh = all.filter(({ timeMs }) => timeMs >= limitMs);
  // Empty rounds do not take away what older ones said.
  const isFresh = isOfUse(fresh, options);
  const used = isFresh ? fresh : all;
  const buckets = evidence.own ?? [];
  const freshOwn = buckets.filter(({ timeMs }) => timeMs >= limitMs);
  const isOwnFresh = freshOwn.length > 0;
  // What a used round had of own requests is taken out of it, however old they are: then all of them count here.
  const own = ownOf(used.length === 0 && isOwnFresh ? freshOwn : buckets, nowMs, options);
  // A few fresh own requests do not make old rounds fresh: they must be enough by themselves.
  const freshRequests = ownOf(freshOwn, nowMs, options).count;
  const isOwnEnough = freshRequests > 0 && freshRequests >= options.min_mass;
  const isExpired = !isFresh && !isOwnEnough && (all.some(saysSomething) || !isOwnFresh);

  const success = successPosterior({ count: own.count, sum: own.successes }, ratioOf(used, 'success'), options);
  const mass = massOf(success, options);
  const measuredIn = used.filter(saysSomething).length;
  const state = stateOf({ isExpired, ownRequests: own.count, mass, used, options });
  const volume = volumePosterior(used);
  const newest = used.filter(saysSomething).reduce((latest, { timeMs }) => Math.max(latest, timeMs), 0);
  return {
    ...splitSignalKey(key),
    state,
    listed: isListed,
    success: capped(success, options.max_mass),
    latency_s: positive(own, used, 'latency', options),
    cost_usd_per_token: positive(own, used, 'cost', options),
    quality: quality(own, used, options),
    mass: Math.max(0, mass),
    own_requests: own.count,
    rounds: measuredIn,
    rounds_withheld: used.filter(({ cell }) => isWithheld(cell)).length,
    requests_per_round: volume ? shown(volume) : null,
    newest_round_time: newest > 0 ? new Date(newest).toISOString() : null,
  };
}

const isWithheld = (cell: CellEvidence): boolean => cell.kind !== 'measured' || cell.isWithheld;
const saysSomething = ({ cell }: Told): boolean => cell.kind === 'measured';

/** Whether a cell is published, or those that are withheld are worth something together. */
function isOfUse(cells: readonly Told[], options: PriorOptions): boolean {
  if (cells.some(({ cell }) => !isWithheld(cell))) return true;
  const ratio = ratioOf(cells, 'success');
  if (!ratio) return false;
  return massOf(successPosterior({ count: 0, sum: 0 }, ratio, options), options) >= options.min_mass;
}

/** Requests that it is worth. */
const massOf = ({ alpha, beta }: Beta, { prior_alpha, prior_beta }: PriorOptions): number =>
  alpha + beta - prior_alpha - prior_beta;

function told(key: string, { rounds, nowMs }: KeyEvidence, options: PriorOptions): Told[] {
  return rounds.flatMap((round) => {
    const cell = cellOf(round, key);
    return cell ? [{ cell, weight: weightAt(nowMs - round.timeMs, options), timeMs: round.timeMs, round }] : [];
  });
}

function ownOf(buckets: readonly OwnBucket[], nowMs: number, options: PriorOptions): OwnStatistics {
  return buckets.reduce(
    (total, { timeMs, statistics }) => addStatistics(total, statistics, weightAt(nowMs - timeMs, options)),
    noOwnStatistics,
  );
}

function ratioOf(used: readonly Told[], measure: Measure): NoisyRatio | undefined {
  const parts = used.flatMap(({ cell, weight }) => {
    const ratio = cell.kind === 'measured' ? cell.ratios[measure] : undefined;
    return ratio ? [{ ratio, weight }] : [];
  });
  return parts.length > 0 ? pooled(parts) : undefined;
}

function positive(
  own: OwnStatistics,
  used: readonly Told[],
  measure: 'latency' | 'cost',
  { variation }: PriorOptions,
): Prior['latency_s'] {
  const noisy = ratioOf(used, measure);
  if (!noisy && own[measure].count === 0) return null;
  const bounds = used.map(({ round }) => boundIn(round, measure)).filter((bound) => bound !== undefined);
  const bound = bounds.length > 0 ? Math.max(...bounds) : BOUND[measure];
  const { mean, variance } = positiveMeanPosterior(own[measure], noisy, { bound, variation });
  return { ...shown({ mean, variance }), shape: (mean * mean) / variance, rate: mean / variance };
}

function boundIn({ source }: RoundEvidence, measure: 'latency' | 'cost'): number | undefined {
  if (source.kind !== 'sums') return undefined;
  const field = source.layout.fields.find(({ name }) => name === measure);
  return field && field.bound_units / field.scale;
}

function quality(own: OwnStatistics, used: readonly Told[], options: PriorOptions): Prior['quality'] {
  const noisy = ratioOf(used, 'quality');
  if (!noisy && own.quality.count === 0) return null;
  const posterior = scorePosterior(own.quality, noisy);
  return { ...shown(posterior), ...capped(betaOf(posterior), options.max_mass) };
}

const shown = ({ mean, variance }: Moments) => ({ mean, standard_deviation: Math.sqrt(variance) });

function stateOf(of: {
  readonly isExpired: boolean;
  readonly ownRequests: number;
  readonly mass: number;
  readonly used: readonly Told[];
  readonly options: PriorOptions;
}): PriorState {
  const isSilent = of.used.every(({ cell }) => isWithheld(cell)) && of.ownRequests === 0;
  if (of.used.length === 0 && of.ownRequests === 0) return 'no_evidence';
  if (isSilent && of.mass < of.options.min_mass) return 'withheld';
  if (of.isExpired) return 'expired';
  return of.mass >= of.options.min_mass ? 'usable' : 'uncertain';
}
