import { randomBytes } from 'node:crypto';
import { defineOperation, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { type Random, rank, rankAnswerSchema, rankRequestSchema } from '@secagg/priors';
import { SecaggError, withoutNulls } from '@secagg/schema';
import { decodeText, parseJson } from '../ingest/json/parse-json';
import { type Router } from '../participant/router';

const MAX_BODY_BYTES = 128 * 1024;

export const postRank = ({ priors }: Pick<Router, 'priors'>): Operation =>
  defineOperation({
    id: 'post-rank',
    method: 'post',
    path: '/v1/rank',
    summary: 'Which of some models to take for a task, by weights; with `taken`, whether the router took the best one',
    request: [json(rankRequestSchema)],
    replies: { 200: replyOf(json(rankAnswerSchema), 'The models, best first'), 503: 'the priors are being made' },
    async handle(call) {
      const beganMs = performance.now();
      const body = withoutNulls(parseJson(decodeText(await call.body(MAX_BODY_BYTES)), 'the body'), 2);
      const request = rankRequestSchema.safeParse(body);
      if (!request.success) {
        const [{ path, message }] = request.error.issues;
        throw new SecaggError('invalid', `${path.join('.') || 'the body'}: ${message}`, { path: path.join('.') });
      }
      const { current } = priors;
      if (!current) throw new SecaggError('unavailable', 'the priors are being made', { retryAfterS: 1 });
      const reply = jsonReply(rank(current.index, request.data, uniform));
      // To this router's own software: how long it has waited for the node.
      const headers = { 'server-timing': `rank;dur=${(performance.now() - beganMs).toFixed(3)}` };
      return { ...reply, headers };
    },
  });

/** Draws decide whom requests go to: nobody else may foresee them. */
const pool = { bytes: Buffer.alloc(0), at: 0 };
const uniform: Random = () => {
  if (pool.at + 6 > pool.bytes.length) Object.assign(pool, { bytes: randomBytes(6 * 1024), at: 0 });
  pool.at += 6;
  return pool.bytes.readUIntBE(pool.at - 6, 6) / 2 ** 48;
};
