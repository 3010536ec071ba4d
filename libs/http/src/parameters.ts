/** Schemas of parameters in paths and queries, and how a request is read with them. */
import { clusterHash, maxCommittee, type MemberIndex, partyId, type RoundNumber, SecaggError } from '@secagg/schema';
import { z } from 'zod';
import { type Parameters } from './operation';

/** Longest wait of a long poll: below the idle limits that proxies commonly have. */
export const MAX_WAIT_MS = 55_000;

/** Decimal digits without sign, as an integer of the range. */
export const integerText = (min: number, max: number) => {
  const error = `must be an integer from ${min} to ${max}`;
  return z
    .string({ error })
    .regex(/^\d{1,16}$/, { error })
    .transform(Number)
    .pipe(z.int({ error }).min(min, { error }).max(max, { error }));
};

/** `true` or `false`; false where it is not given. */
export const flagParameter = z
  .enum(['true', 'false'], { error: 'must be true or false' })
  .default('false')
  .transform((text) => text === 'true');

export const clusterParameter = clusterHash.describe('cluster of the fleet policy');
export const roundParameter = integerText(1, Number.MAX_SAFE_INTEGER).transform((round) => round as RoundNumber);
export const memberParameter = integerText(0, maxCommittee - 1).transform((member) => member as MemberIndex);
export const partyParameter = partyId;

/** Milliseconds to wait, at most {@link MAX_WAIT_MS}: longer wishes are cut, since the caller asks again anyway. */
export const waitParameter = (byDefault: number) =>
  integerText(0, 86_400_000)
    .transform((ms) => Math.min(MAX_WAIT_MS, ms))
    .default(byDefault)
    .describe(`longest wait, by default ${byDefault}`);

export const invalid = (path: string, what: string): SecaggError =>
  new SecaggError('invalid', `${path}: ${what}`, { path });

/** Throws `invalid` naming the first parameter that is unknown, given twice or out of its range. */
export function parseQuery(schemas: Parameters, query: URLSearchParams): Readonly<Record<string, unknown>> {
  for (const name of query.keys()) {
    if (!Object.hasOwn(schemas, name)) throw invalid(name.slice(0, MAX_NAME_SHOWN), 'is no parameter here');
    if (query.getAll(name).length > 1) throw invalid(name, 'is given more than once');
  }
  return parseParameters(schemas, Object.fromEntries(query));
}

/** Of a name that came from outside, so that it can be logged. */
const MAX_NAME_SHOWN = 80;

/** Throws `invalid` naming the first parameter that is out of its range. */
export function parseParameters(
  schemas: Parameters,
  texts: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(schemas)) {
    const result = schema.safeParse(texts[name]);
    if (!result.success) throw invalid(name, result.error.issues[0].message);
    values[name] = result.data;
  }
  return values;
}
