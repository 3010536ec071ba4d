/** Priors from published rounds alone: what anybody who has the rounds computes alike. */
import { type RoundEvidence, type SummedRound } from './evidence';
import { priorOf } from './combine';
import { type PriorOptions } from './options';
import { type Prior } from './prior';

/** A round with its catalogue. */
export interface CataloguedRound extends RoundEvidence {
  readonly layout: SummedRound['layout'];
}

/** @param rounds newest first: the first has the catalogue that a key is listed in or not */
export function publishedPriors(rounds: readonly CataloguedRound[], nowMs: number, options: PriorOptions): Prior[] {
  const listed = new Set(rounds.at(0)?.layout.keys ?? []);
  const keys = [...new Set(rounds.flatMap(({ layout }) => layout.keys))].sort();
  return keys.map((key) => priorOf(key, { rounds, nowMs, isListed: listed.has(key) }, options));
}

/** When the newest evidence passes the age limit. */
export const expiryOf = (newestMs: number, { age_limit_hours }: Pick<PriorOptions, 'age_limit_hours'>): string =>
  new Date(newestMs + age_limit_hours * 3_600_000).toISOString();

/** What two computations may differ by: functions such as `exp` are not the same to the last digit on every machine. */
const TOLERANCE = 1e-6;

/** Where two lists of priors differ, as a path into the first; undefined where they do not. */
export function differenceOf(a: unknown, b: unknown, path = 'priors'): string | undefined {
  if (typeof a === 'number' && typeof b === 'number')
    return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b)) ? undefined : path;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b ? undefined : path;
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  for (const name of names) {
    const found = differenceOf(a[name as keyof typeof a], b[name as keyof typeof b], `${path}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
