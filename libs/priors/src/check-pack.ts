/** What a pack must be before anything in it is believed; its rounds are checked against their decisions besides. */
import { SecaggError } from '@secagg/schema';
import { type PriorOptions, priorOptionsSchema } from './options';
import { type PriorsPack } from './pack';
import { expiryOf } from './published';

/** How far clocks of honest machines may be apart. */
const SKEW_MS = 300_000;
/** A pack could name any numbers. */
const MOST_MISSING = 1000;

/** Throws `invalid`. @param isAnyOption whether options other than the defaults are taken */
export function checkPack(pack: PriorsPack, nowMs: number, isAnyOption = false): void {
  const { kind, options, rounds, priors, made_at: madeAt, expires_at: expires } = pack;
  if (rounds.length === 0) throw wrong('rounds', 'the pack has no rounds: nothing in it can be checked');
  if (Date.parse(madeAt) > nowMs + SKEW_MS) throw wrong('made_at', `made_at is in the future (${madeAt})`);
  const own = priors.find(({ own_requests: requests }) => requests > 0);
  if (kind === 'published' && own) throw wrong('priors', `the pack is published, and has own requests in ${own.model}`);
  const changed = isAnyOption ? undefined : optionChanged(options);
  if (changed)
    throw wrong(`options.${changed}`, `${changed} is ${options[changed]}, not the default: --any-options takes it`);
  const newest = rounds.find((round) => round.of_use);
  const follows = newest ? expiryOf(Date.parse(newest.time), options) : null;
  if (kind === 'published' && expires !== follows)
    throw wrong('expires_at', `expires_at is not what follows from the rounds: ${follows ?? 'there is no evidence'}`);
  if (expires === null) throw wrong('expires_at', 'there is no evidence in the pack: every round is withheld');
  if (Date.parse(expires) < nowMs) throw wrong('expires_at', `the pack has expired (${expires})`);
}

/** Numbers of rounds from the first of the pack to `last` that are not in it; not more than a thousand of them. */
export function missingRounds(rounds: PriorsPack['rounds'], last: number): number[] {
  const there = new Set(rounds.map(({ round }) => round));
  const first = Math.min(...there);
  const missing: number[] = [];
  for (let round = first; round <= last && missing.length < MOST_MISSING; round++)
    if (!there.has(round)) missing.push(round);
  return missing;
}

function optionChanged(options: PriorOptions): keyof PriorOptions | undefined {
  const defaults = priorOptionsSchema.parse({});
  return (Object.keys(defaults) as (keyof PriorOptions)[]).find((name) => options[name] !== defaults[name]);
}

const wrong = (path: string, what: string): SecaggError => new SecaggError('invalid', what, { path });
