/** OTLP over HTTP: what OpenTelemetry's exporters send by themselves. */
import { ingestAnswerSchema } from '@secagg/client';
import {
  type Call,
  defineOperation,
  json,
  jsonReply,
  type Operation,
  protobuf,
  PROTOBUF_TYPE,
  type Reply,
  replyOf,
} from '@secagg/http';
import { z } from 'zod';
import { ingestBody, type IngestParts } from '../ingest/ingest-body';
import { encodeResponse, jsonResponse, partialSuccess } from '../ingest/otlp/partial-success';
import { LOGS, type Signal, TRACES } from '../ingest/otlp/signals';

/** Of protobuf, which is in memory as a whole: above what the collector takes from others. */
const MAX_PROTOBUF_BYTES = 32 * 1024 * 1024;
const MAX_JSON_BYTES = 512 * 1024 * 1024;

export const postTraces = (parts: IngestParts): Operation =>
  telemetryOperation(parts, {
    source: 'traces',
    signal: TRACES,
    summary: 'OTLP traces: spans of model calls become observations. Of prompts and responses nothing is kept',
  });

export const postLogs = (parts: IngestParts): Operation =>
  telemetryOperation(parts, {
    source: 'logs',
    signal: LOGS,
    summary: 'OTLP logs: results of evaluations become the quality of their requests; other records are skipped',
  });

interface Telemetry {
  readonly source: 'traces' | 'logs';
  readonly signal: Signal;
  readonly summary: string;
}

const telemetryOperation = (parts: IngestParts, { source, signal, summary }: Telemetry): Operation =>
  defineOperation({
    id: `post-${source}`,
    method: 'post',
    path: `/v1/${source}`,
    summary,
    request: [protobuf, json(z.looseObject({}).describe(signal.request))],
    replies: {
      200: replyOf(json(ingestAnswerSchema), `An ${signal.response}; in JSON with the counts of every ingest`),
    },
    async handle(call): Promise<Reply> {
      if (call.contentType === PROTOBUF_TYPE) {
        const answer = await ingestBody({ source, format: 'protobuf' }, whole(call), parts);
        return { status: 200, type: PROTOBUF_TYPE, body: encodeResponse(signal, partialSuccess(answer)) };
      }
      const answer = await ingestBody({ source, format: 'json' }, call.stream(MAX_JSON_BYTES), parts);
      return jsonReply(jsonResponse(signal, answer, partialSuccess(answer)));
    },
  });

/** The body as one piece. */
async function* whole({ body }: Pick<Call, 'body'>): AsyncGenerator<Uint8Array> {
  yield await body(MAX_PROTOBUF_BYTES);
}
