import { ingestAnswerSchema } from '@secagg/client';
import { defineOperation, json, jsonLines, jsonReply, type Operation, replyOf } from '@secagg/http';
import { z } from 'zod';
import { jsonRows } from '../ingest/json/json-rows';
import { mapScore, reportedScore } from '../ingest/reported-score';
import { IngestSession } from '../ingest/session';
import { type Router } from '../participant/router';

const LINES_TYPE = 'application/x-ndjson';
const MAX_BODY_BYTES = 16 * 1024 * 1024;

export const postScores = ({
  observations,
  values,
  metrics,
}: Pick<Router, 'observations' | 'values' | 'metrics'>): Operation =>
  defineOperation({
    id: 'post-scores',
    method: 'post',
    path: '/v1/scores',
    summary: 'How good the answers to requests were, where that is known later than the rest: by the id of the request',
    request: [json(z.union([reportedScore, z.array(reportedScore)])), jsonLines(reportedScore)],
    replies: { 202: replyOf(json(ingestAnswerSchema), 'What has become of each score; what was accepted is durable') },
    async handle(call) {
      const session = new IngestSession('scores', mapScore, { store: observations, values, metrics });
      const lines = call.contentType === LINES_TYPE;
      return jsonReply(await session.read(jsonRows(call.stream(MAX_BODY_BYTES), { lines })), 202);
    },
  });
