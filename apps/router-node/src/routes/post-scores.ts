import { ingestAnswerSchema } from '@secagg/client';
import { defineOperation, json, JSON_LINES_TYPE, jsonLines, jsonReply, type Operation, replyOf } from '@secagg/http';
import { z } from 'zod';
import { ingestBody, type IngestParts } from '../ingest/ingest-body';
import { reportedScore } from '../ingest/reported-score';

const MAX_BODY_BYTES = 16 * 1024 * 1024;

export const postScores = (parts: IngestParts): Operation =>
  defineOperation({
    id: 'post-scores',
    method: 'post',
    path: '/v1/scores',
    summary: 'How good the answers to requests were, where that is known later than the rest: by the id of the request',
    request: [json(z.union([reportedScore, z.array(reportedScore)])), jsonLines(reportedScore)],
    replies: { 202: replyOf(json(ingestAnswerSchema), 'What has become of each score; what was accepted is durable') },
    async handle(call) {
      const format = call.contentType === JSON_LINES_TYPE ? 'lines' : 'json';
      return jsonReply(await ingestBody({ source: 'scores', format }, call.stream(MAX_BODY_BYTES), parts), 202);
    },
  });
