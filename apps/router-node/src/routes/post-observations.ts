import { defineOperation, json, jsonLines, jsonReply, type Operation, replyOf } from '@secagg/http';
import { RewardObservation, SecaggError } from '@secagg/schema';
import { z } from 'zod';
import { MAX_BATCH } from '../observations/parse-batch';
import { type Router } from '../participant/router';

const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MAX_KEY_LENGTH = 255;

const acceptedSchema = z.object({
  accepted: z.int(),
  /** Not kept: the last catalogue lacks their keys, and the quota for such is full. */
  skipped: z.object({ unlisted: z.int() }).partial(),
});

export const postObservations = ({ observations, metrics }: Pick<Router, 'observations' | 'metrics'>): Operation =>
  defineOperation({
    id: 'post-observations',
    method: 'post',
    path: '/v1/observations',
    summary: 'One observation, an array of them, or one a line; answered when they are on disk',
    request: [
      json(z.union([RewardObservation, z.array(RewardObservation).max(MAX_BATCH)])),
      jsonLines(RewardObservation),
    ],
    replies: { 202: replyOf(json(acceptedSchema), 'They are durable') },
    async handle(call) {
      const idempotencyKey = idempotencyKeyOf(call.headers['idempotency-key']);
      const { accepted, unlisted, isFullOfUnlisted } = await observations.accept({
        contentType: call.contentType,
        // A copy: a small body shares its memory with others.
        body: new Uint8Array(await call.body(MAX_BODY_BYTES)),
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      });
      metrics.unlistedQuotaFull(isFullOfUnlisted);
      return jsonReply({ accepted, skipped: unlisted > 0 ? { unlisted } : {} }, 202);
    },
  });

function idempotencyKeyOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const key = String(header);
  if (key === '' || key.length > MAX_KEY_LENGTH)
    throw new SecaggError('invalid', `an idempotency key has 1 to ${MAX_KEY_LENGTH} characters`, {
      path: 'Idempotency-Key',
    });
  return key;
}
