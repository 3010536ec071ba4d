import { defineOperation, json, jsonLines, jsonReply, type Operation, replyOf } from '@secagg/http';
import { RewardObservation, SecaggError } from '@secagg/schema';
import { z } from 'zod';
import { type Intake } from '../observations/intake';
import { MAX_BATCH, parseBatch } from '../observations/parse-batch';

const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MAX_KEY_LENGTH = 255;

export const postObservations = (intake: Intake): Operation =>
  defineOperation({
    id: 'post-observations',
    method: 'post',
    path: '/v1/observations',
    summary: 'One observation, an array of them, or one a line; answered when they are on disk',
    request: [
      json(z.union([RewardObservation, z.array(RewardObservation).max(MAX_BATCH)])),
      jsonLines(RewardObservation),
    ],
    replies: { 202: replyOf(json(z.object({ accepted: z.int() })), 'They are durable') },
    async handle(call) {
      const idempotencyKey = idempotencyKeyOf(call.headers['idempotency-key']);
      const observations = parseBatch(call.contentType, await call.body(MAX_BODY_BYTES));
      const accepted = await intake.accept({
        observations,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      });
      return jsonReply({ accepted }, 202);
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
