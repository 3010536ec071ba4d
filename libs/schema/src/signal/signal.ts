import { z } from 'zod';
import { withoutNulls } from '../without-nulls';
import { signalKeySchema } from './key';
import { isoTimestamp, quantity, wholeNumber } from './numbers';
import { parseOrRefuse } from './parse';

/** Most keys of a signal that comes from outside, unless the reader allows more. */
export const MAX_SIGNAL_KEYS = 4096;

/** What is known of one `model:task`. */
export const RewardSignal = z.strictObject({
  /** Share of requests that succeeded, in [0, 1]. */
  success_rate: quantity(1),
  /** Mean latency of a request, in seconds, from 0. */
  avg_latency: quantity(),
  /** Requests counted, from 1. */
  total_samples: wholeNumber(1),
  /** Mean quality in [0, 1] of the requests that had one. */
  quality_score: quantity(1).optional(),
  /** Mean over the requests that reported a cost of their cost per token, in USD per token, from 0. */
  cost_efficiency: quantity().optional(),
});
export type RewardSignal = z.infer<typeof RewardSignal>;

/**
 * Refuses, before any entry is looked at: too many keys, and the one name a record would silently drop.
 * (`__proto__` has no ':', so it is no key; zod's record skips it instead of refusing it.)
 */
const boundedMap = (maxKeys: number) =>
  z.unknown().superRefine((value, context) => {
    if (typeof value !== 'object' || value === null) return;
    if (Object.hasOwn(value, '__proto__')) {
      context.addIssue({ code: 'unrecognized_keys', keys: ['__proto__'], input: undefined });
    } else if (Object.keys(value).length > maxKeys) {
      context.addIssue({ code: 'custom', message: `more than ${maxKeys} keys`, input: undefined });
    }
  });

/**
 * The schema of a signal with at most `maxKeys` keys. Unknown fields, NaN, infinities and negative zero are refused.
 */
export const createSignalSchema = (maxKeys: number) =>
  z.strictObject({
    schema_version: z.literal(1),
    /** Round the signal belongs to, from 1. */
    aggregation_round: wholeNumber(1),
    /** SHA-256 of the cluster's id, 16 to 64 lower-case hexadecimal characters (`createClusterHash`). */
    cluster_hash: z.string().regex(/^[0-9a-f]{16,64}$/, { error: '16 to 64 lower-case hexadecimal characters' }),
    /** By key `model:task`; empty when nothing was observed or everything was withheld. */
    reward_signals: boundedMap(maxKeys).pipe(z.record(signalKeySchema, RewardSignal)),
    /** Routers whose data is in it, from 1. */
    participant_count: wholeNumber(1),
    /** ISO 8601 date and time with zone. */
    timestamp: isoTimestamp,
    /** Epsilon the round cost, from 0. */
    privacy_budget_used: quantity().optional(),
    /** Standard deviation of the noise in the sums, as the producer of the signal states it, from 0. */
    noise_scale: quantity().optional(),
  });

/** The GAP-371 federated reward signal, schema version 1, with at most `MAX_SIGNAL_KEYS` keys. */
export const FederatedRewardSignal = createSignalSchema(MAX_SIGNAL_KEYS);
export type FederatedRewardSignal = z.infer<typeof FederatedRewardSignal>;

/** Levels of a signal: itself, its map, the entries. */
const DEPTH = 3;

/**
 * A signal from outside; null is absent. Throws `SecaggError('invalid')`, `details.path` naming the field (`''` when it
 * is no object). `maxKeys` is for readers of rounds with a longer catalogue.
 */
export function parseSignal(value: unknown, options: { maxKeys?: number } = {}): FederatedRewardSignal {
  const { maxKeys } = options;
  const schema = maxKeys === undefined ? FederatedRewardSignal : createSignalSchema(maxKeys);
  return parseOrRefuse(schema, withoutNulls(value, DEPTH), 'signal');
}
