import { ingestAnswerSchema } from '@secagg/client';
import { defineOperation, json, jsonLines, jsonReply, type Operation, replyOf } from '@secagg/http';
import { z } from 'zod';
import { ingestBody, type IngestParts } from '../ingest/ingest-body';

/** Payloads come with whole prompts and responses, 512 to a batch. */
export const MAX_PAYLOADS_BYTES = 512 * 1024 * 1024;

const payload = z.looseObject({}).describe('a StandardLoggingPayload of LiteLLM');

export const postLitellm = (parts: IngestParts): Operation =>
  defineOperation({
    id: 'post-litellm',
    method: 'post',
    path: '/v1/ingest/litellm',
    summary:
      "Batches of LiteLLM's generic_api callback: an array, lines or one payload. Of prompts and responses nothing is kept",
    request: [json(z.union([payload, z.array(payload)])), jsonLines(payload)],
    replies: {
      202: replyOf(json(ingestAnswerSchema), 'What has become of each payload; what was accepted is durable'),
    },
    async handle(call) {
      // LiteLLM calls its lines application/json, too.
      const start = { source: 'litellm', format: 'json' } as const;
      return jsonReply(await ingestBody(start, call.stream(MAX_PAYLOADS_BYTES), parts), 202);
    },
  });
