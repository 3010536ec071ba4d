/** OTLP over HTTP: what OpenTelemetry's exporters send by themselves. */
import { ingestAnswerSchema } from '@secagg/client';
import {
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
import { jsonRows } from '../ingest/json/json-rows';
import { protobufRows } from '../ingest/otlp/decode-protobuf';
import { type GenAiSettings, mapLogRecord, mapSpan } from '../ingest/otlp/gen-ai';
import { encodeResponse, jsonResponse, partialSuccess } from '../ingest/otlp/partial-success';
import { LOGS, type Signal, TRACES } from '../ingest/otlp/signals';
import { type Row } from '../ingest/row';
import { IngestSession } from '../ingest/session';
import { type Router } from '../participant/router';

/** Of protobuf, which is in memory as a whole: above what the collector takes from others. */
const MAX_PROTOBUF_BYTES = 32 * 1024 * 1024;
const MAX_JSON_BYTES = 512 * 1024 * 1024;

type TelemetryParts = Pick<Router, 'observations' | 'values' | 'metrics' | 'names' | 'config'>;

export const postTraces = (parts: TelemetryParts): Operation =>
  telemetryOperation(parts, {
    source: 'traces',
    signal: TRACES,
    map: mapSpan,
    summary: 'OTLP traces: spans of model calls become observations. Of prompts and responses nothing is kept',
  });

export const postLogs = (parts: TelemetryParts): Operation =>
  telemetryOperation(parts, {
    source: 'logs',
    signal: LOGS,
    map: mapLogRecord,
    summary: 'OTLP logs: results of evaluations become the quality of their requests; other records are skipped',
  });

interface Telemetry {
  readonly source: 'traces' | 'logs';
  readonly signal: Signal;
  readonly map: (value: unknown, settings: GenAiSettings) => Row | readonly Row[];
  readonly summary: string;
}

function telemetryOperation(
  { observations, values, metrics, names, config }: TelemetryParts,
  { source, signal, map, summary }: Telemetry,
): Operation {
  const { taskAttribute, requesterAttribute, evaluation } = config;
  const settings: GenAiSettings = {
    names,
    taskAttribute,
    ...(requesterAttribute === undefined ? {} : { requesterAttribute }),
    ...(evaluation === undefined ? {} : { evaluation }),
  };
  return defineOperation({
    id: `post-${source}`,
    method: 'post',
    path: `/v1/${source}`,
    summary,
    request: [protobuf, json(z.looseObject({}).describe(signal.request))],
    replies: {
      200: replyOf(json(ingestAnswerSchema), `An ${signal.response}; in JSON with the counts of every ingest`),
    },
    async handle(call): Promise<Reply> {
      const session = new IngestSession(source, (value) => map(value, settings), {
        store: observations,
        values,
        metrics,
      });
      if (call.contentType === PROTOBUF_TYPE) {
        const answer = await session.read(protobufRows(await call.body(MAX_PROTOBUF_BYTES), signal));
        return { status: 200, type: PROTOBUF_TYPE, body: encodeResponse(signal, partialSuccess(answer)) };
      }
      const answer = await session.read(jsonRows(call.stream(MAX_JSON_BYTES), { paths: signal.paths }));
      return jsonReply(jsonResponse(signal, answer, partialSuccess(answer)));
    },
  });
}
