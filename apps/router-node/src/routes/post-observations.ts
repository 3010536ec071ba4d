import { ingestAnswerSchema } from '@secagg/client';
import { defineOperation, flagParameter, json, jsonLines, jsonReply, type Operation, replyOf } from '@secagg/http';
import { RewardObservation, SecaggError } from '@secagg/schema';
import { z } from 'zod';
import { countAnswer } from '../ingest/count-answer';
import { MAX_BATCH } from '../observations/observation-store';
import { type Router } from '../participant/router';

const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MAX_KEY_LENGTH = 255;

export const postObservations = ({
  observations,
  values,
  metrics,
}: Pick<Router, 'observations' | 'values' | 'metrics'>): Operation =>
  defineOperation({
    id: 'post-observations',
    method: 'post',
    path: '/v1/observations',
    summary: 'One observation, an array of them, or one a line; answered when those that are good are on disk',
    query: { atomic: flagParameter.describe('true: all of them or none') },
    request: [
      json(z.union([RewardObservation, z.array(RewardObservation).max(MAX_BATCH)])),
      jsonLines(RewardObservation),
    ],
    replies: { 202: replyOf(json(ingestAnswerSchema), 'What has become of each row; what was accepted is durable') },
    async handle(call) {
      const idempotencyKey = idempotencyKeyOf(call.headers['idempotency-key']);
      const { answer, notes, isFullOfUnlisted } = await observations.accept({
        contentType: call.contentType,
        // A copy: a small body shares its memory with others.
        body: new Uint8Array(await call.body(MAX_BODY_BYTES)),
        atomic: call.query.atomic,
        bounds: values.bounds,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      });
      metrics.unlistedQuotaFull(isFullOfUnlisted);
      countAnswer('observations', answer, metrics);
      const warnings = values.add(notes);
      return jsonReply(warnings.length > 0 ? { ...answer, warnings } : answer, 202);
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
