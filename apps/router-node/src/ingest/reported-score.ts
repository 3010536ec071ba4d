/** A score by itself, as a router's own software reports it. */
import { SecaggError, withoutNulls } from '@secagg/schema';
import { z } from 'zod';
import { scoredRequest } from './request-ids';
import { type Row } from './row';

export const reportedScore = z.strictObject({
  /** `id` of an observation, LiteLLM's id of a call, or the id of a response. */
  id: z.string().min(1).max(1024),
  quality: z.number().min(0).max(1),
});

/** Throws `invalid`, `details.path` naming the field. */
export function mapScore(value: unknown): Row {
  const result = reportedScore.safeParse(withoutNulls(value));
  if (!result.success) {
    const [{ message, path }] = result.error.issues;
    const at = path.map(String).join('.');
    throw new SecaggError('invalid', `score ${at}: ${message}`, { path: at });
  }
  const { id, quality } = result.data;
  return { kind: 'score', request: scoredRequest({ response: id }), quality: quality + 0 };
}
