/** POST /v1/observations: one, an array of them, or one a line; answered when they are on disk. */
import { SecaggError } from '@secagg/schema';
import express, { type Router } from 'express';
import { type Intake } from '../observations/intake';
import { parseBatch } from '../observations/parse-batch';

const TYPES = ['application/json', 'application/x-ndjson'];
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MAX_KEY_LENGTH = 255;

export function postObservations(router: Router, intake: Intake): void {
  router.post('/v1/observations', express.raw({ type: TYPES, limit: MAX_BODY_BYTES }), async (request, response) => {
    const contentType = request.is(TYPES);
    if (!contentType) throw new SecaggError('malformed', `the content type is one of ${TYPES.join(', ')}`);
    const idempotencyKey = request.get('idempotency-key');
    if (idempotencyKey !== undefined && (idempotencyKey === '' || idempotencyKey.length > MAX_KEY_LENGTH)) {
      throw new SecaggError('invalid', `an idempotency key has 1 to ${MAX_KEY_LENGTH} characters`, {
        path: 'Idempotency-Key',
      });
    }
    const observations = parseBatch(contentType, request.body instanceof Uint8Array ? request.body : new Uint8Array());
    const accepted = await intake.accept({ observations, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) });
    response.status(202).json({ accepted });
  });
}
