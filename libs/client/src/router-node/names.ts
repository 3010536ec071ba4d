/** Names of models and tasks at a router-node, beside those of its fleet. */
import { z } from 'zod';

const count = z.int().min(0);

/** What this router's software calls models and tasks, or patterns of it with `*`, and what the fleet calls them. */
export interface Aliases {
  readonly models?: Readonly<Record<string, string>>;
  readonly tasks?: Readonly<Record<string, string>>;
}

export const nameReportSchema = z.looseObject({
  /** `announced`: of the last round; `planned`: of the coordinator's plan, before the first; null: not known yet. */
  catalogue: z.enum(['announced', 'planned']).nullable(),
  /** Waiting observations whose key rounds take, and all others. */
  listed: count,
  unlisted: count,
  /** Most waiting first; at most 10 000. */
  keys: z.array(
    z.looseObject({
      key: z.string(),
      waiting: count,
      /** The key by the aliases. */
      counts_as: z.string(),
      /** Rounds take those that are `listed`. The others: what of the key the catalogue lacks. */
      verdict: z.enum(['listed', 'unknown_model', 'unknown_task', 'unknown_pair', 'no_catalogue', 'no_key']),
      /** A key of the catalogue that may be meant. */
      nearest: z.string().optional(),
    }),
  ),
});
export type NameReport = z.infer<typeof nameReportSchema>;
