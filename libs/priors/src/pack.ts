/** Priors of a cluster with where they come from: what a router-node gives out, and a file that is exported. */
import { printableText } from '@secagg/schema';
import { z } from 'zod';
import { priorOptionsSchema } from './options';
import { priorSchema } from './prior';

/** What is wrong, or may surprise. */
export const priorProblemSchema = z.object({
  code: z.enum([
    'no_round',
    'no_usable_round',
    'latest_round_empty',
    'rounds_too_old',
    'no_own_requests',
    'own_names_unlisted',
  ]),
  detail: printableText(1000),
});
export type PriorProblem = z.infer<typeof priorProblemSchema>;

const roundSource = z.object({
  round: z.int().min(1),
  time: z.iso.datetime(),
  participants: z.int().min(0),
  /** Null without noise, when nothing is claimed. */
  epsilon: z.number().min(0).nullable(),
  /** Not everything in it is withheld. */
  of_use: z.boolean(),
  /**
   * Base64 of the encoded decision proof: policy, roster and epoch, the coordinator's announcement and the committee's
   * votes, all signed. Only in exports.
   */
  decision: z.base64().optional(),
});
export type RoundSource = z.infer<typeof roundSource>;

/** By time, then by number. */
function isNewestFirst(rounds: readonly RoundSource[]): boolean {
  if (new Set(rounds.map(({ round }) => round)).size < rounds.length) return false;
  return rounds.slice(1).every(({ round, time }, i) => {
    const ageMs = Date.parse(rounds[i].time) - Date.parse(time);
    return ageMs > 0 || (ageMs === 0 && round < rounds[i].round);
  });
}

export const priorsPackSchema = z.object({
  schema_version: z.literal(1),
  /**
   * `published`: from published rounds alone, for anybody. `private`: with the router's own requests, which no noise
   * protects.
   */
  kind: z.enum(['published', 'private']),
  /** Comment lines of exports have these. */
  fleet: printableText(200).nullable(),
  cluster: printableText(200),
  made_at: z.iso.datetime(),
  /** When the newest evidence in it passes the age limit; null where there is none. */
  expires_at: z.iso.datetime().nullable(),
  options: priorOptionsSchema,
  problems: z.array(priorProblemSchema),
  /** Verified rounds that it is made from, newest first, each once: a round that counted twice would weigh double. */
  rounds: z.array(roundSource).refine(isNewestFirst, { error: 'rounds are newest first, and each is there once' }),
  priors: z.array(priorSchema),
});
export type PriorsPack = z.output<typeof priorsPackSchema>;
