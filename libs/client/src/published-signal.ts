/** The aggregated signal as both services give it out. */
import { createSignalSchema, type KeyDetails, MAX_LAYOUT_KEYS, type Withheld } from '@secagg/schema';
import { z } from 'zod';
import { implausibleGroupsSchema, robustReportSchema } from './robust-report';
import { routerPrivacySchema } from './router-node/status';

const privacySchema = z.looseObject({
  unit: z.enum(['router', 'request']),
  /** zCDP cost of the round in rho, and epsilon at delta; null without noise, when nothing is claimed. */
  rho: z.number().nullable(),
  epsilon: z.number().nullable(),
  delta: z.number(),
  /**
   * Cumulative: what this router's own ledger has spent and has left by now, over all clusters; only from a
   * router-node.
   */
  ledger: routerPrivacySchema.optional(),
});

/**
 * The signal, for every key of it the standard errors and unclamped values, what was withheld and why, whose
 * contributions are in it and whose are not, and the privacy cost of the round.
 */
export const publishedSignalSchema = z.looseObject({
  signal: createSignalSchema(MAX_LAYOUT_KEYS),
  details: z.custom<Record<string, KeyDetails>>((value) => typeof value === 'object' && value !== null),
  withheld: z.custom<Withheld[]>((value) => Array.isArray(value)),
  participants: z.array(z.string()),
  left_out: z.array(z.looseObject({ router: z.string(), reason: z.string() })),
  /** How groups were combined; absent where they were added up. */
  robust: robustReportSchema.optional(),
  /** Why no honest fleet can have produced the result, which has no keys then; absent where nothing is wrong. */
  implausible: implausibleGroupsSchema.optional(),
  /** A newer round, which has no usable result, and why; `verified_at` only from a router-node. */
  newer_implausible: z
    .looseObject({ round: z.int().min(1), verified_at: z.string().optional(), groups: implausibleGroupsSchema })
    .optional(),
  privacy: privacySchema,
  /** When this router verified the round, ISO 8601; only from a router-node. */
  verified_at: z.string().optional(),
});
export type PublishedSignal = z.infer<typeof publishedSignalSchema>;
