/**
 * Spans and events of OpenTelemetry's conventions for generative AI: of the generation with `gen_ai.provider.name` and
 * the one with `gen_ai.system` before it. Of what was asked and answered nothing is looked at.
 */
import { parseObservation, SecaggError } from '@secagg/schema';
import { asList, asNumber, asObject, asText, type JsonObject, requesterOf } from '../fields';
import { type Names } from '../names/names';
import { usableValues } from '../optional-values';
import { idsOfSpan, scoredRequest } from '../request-ids';
import { type Row } from '../row';
import { type Attributes, attributesOf, firstOf } from './attributes';
import { hexId } from './ids';

export interface GenAiSettings {
  readonly names: Names;
  /** Attribute of spans that holds the task. */
  readonly taskAttribute: string;
  /** Attribute that says who sent a request, where LiteLLM's is not there. */
  readonly requesterAttribute?: string;
  /** The only evaluation whose scores count as quality; without it all do. */
  readonly evaluation?: string;
}

const EVALUATION = 'gen_ai.evaluation.result';
const STATUS_ERROR = 2;

/** Values of `gen_ai.operation.name`, and of `llm.request.type` in instrumentations from before it. */
const OPERATIONS: ReadonlySet<unknown> = new Set(['chat', 'text_completion', 'generate_content']);
const OLD_OPERATIONS: ReadonlySet<unknown> = new Set(['chat', 'completion']);

/** A span and the scores in its events. Throws `invalid` for a call of a model that makes no observation. */
export function mapSpan(value: unknown, settings: GenAiSettings): Row[] {
  const span = asObject(value);
  if (!span) throw invalid('', 'must be an object');
  const attributes = attributesOf(span.attributes);
  const scores = asList(span.events)
    .filter((event) => asObject(event)?.name === EVALUATION)
    .map((event) => attributesOf(asObject(event)?.attributes));
  if (!isModelCall(attributes)) {
    // A span of an evaluation is a child of the one that it judges.
    const of = spanIdOf(span.traceId, span.parentSpanId);
    return scores.length === 0
      ? [{ kind: 'skip', reason: 'no_model_call' }]
      : scores.map((score) => scoreRow(score, of, settings));
  }
  const own = scores.filter((score) => counts(score, settings)).flatMap((score) => scoreValue(score) ?? []);
  return [observationRow(span, attributes, own.at(-1), settings)];
}

/** A log record: the result of an evaluation, or nothing of use. Throws `invalid` for a score that is none. */
export function mapLogRecord(value: unknown, settings: GenAiSettings): Row {
  const record = asObject(value);
  if (!record) throw invalid('', 'must be an object');
  const attributes = attributesOf(record.attributes);
  // Before events had a name of their own, an attribute held it.
  if (record.eventName !== EVALUATION && attributes.get('event.name') !== EVALUATION)
    return { kind: 'skip', reason: 'no_score' };
  return scoreRow(attributes, spanIdOf(record.traceId, record.spanId), settings);
}

const invalid = (path: string, what: string) =>
  new SecaggError('invalid', path === '' ? `item: ${what}` : `item ${path}: ${what}`, { path });

function isModelCall(attributes: Attributes): boolean {
  const operation = attributes.get('gen_ai.operation.name');
  if (operation !== undefined) return OPERATIONS.has(operation);
  const oldOperation = attributes.get('llm.request.type');
  return attributes.has('gen_ai.system') && (oldOperation === undefined || OLD_OPERATIONS.has(oldOperation));
}

function observationRow(
  span: JsonObject,
  attributes: Attributes,
  quality: number | undefined,
  { names, taskAttribute, requesterAttribute }: GenAiSettings,
): Row {
  const { values, dropped } = usableValues({
    quality,
    cost_usd: asNumber(firstOf(attributes, ['litellm.cost.total', 'gen_ai.usage.cost'])),
    tokens: tokensOf(attributes),
  });
  const requester = requesterOf(
    firstOf(attributes, ['litellm.end_user.id', ...(requesterAttribute === undefined ? [] : [requesterAttribute])]),
  );
  const model = asText(firstOf(attributes, ['gen_ai.request.model', 'gen_ai.response.model'])) ?? null;
  const task = asText(firstOf(attributes, [taskAttribute, 'gen_ai.prompt.name']));
  const observation = parseObservation({
    ...names.of(model, task),
    success: !attributes.has('error.type') && !isError(span.status),
    latency_s: latencyOf(span),
    ...values,
    ...(requester === undefined ? {} : { requester }),
  });
  const id = spanIdOf(span.traceId, span.spanId);
  const response = asText(attributes.get('gen_ai.response.id'));
  return { kind: 'observation', observation, dropped, ...(id ? { ids: idsOfSpan(...id, response) } : {}) };
}

/** JSON has the number of the status, or its name. */
const isError = (status: unknown): boolean => {
  const code = asObject(status)?.code;
  return code === STATUS_ERROR || code === 'STATUS_CODE_ERROR';
};

const TOKENS = [
  ['gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens'],
  ['gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens'],
] as const;

function tokensOf(attributes: Attributes): number | undefined {
  const parts = TOKENS.map((names) => asNumber(firstOf(attributes, names))).filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.reduce((sum, part) => sum + part, 0);
}

/** In microseconds: a number of nanoseconds since 1970 has no more than that exactly. */
function latencyOf({ startTimeUnixNano: start, endTimeUnixNano: end }: JsonObject): number {
  const [from, to] = [asNumber(start), asNumber(end)];
  if (from === undefined || !(from > 0)) throw invalid('startTimeUnixNano', 'must be a time');
  if (to === undefined || !(to > 0)) throw invalid('endTimeUnixNano', 'must be a time');
  if (to < from) throw invalid('endTimeUnixNano', 'is before startTimeUnixNano');
  return Math.round((to - from) / 1e3) / 1e6;
}

function spanIdOf(traceId: unknown, spanId: unknown): readonly [traceId: string, spanId: string] | undefined {
  const [trace, span] = [hexId(traceId), hexId(spanId)];
  return trace !== undefined && span !== undefined ? [trace, span] : undefined;
}

const counts = (score: Attributes, { evaluation }: GenAiSettings): boolean =>
  evaluation === undefined || score.get('gen_ai.evaluation.name') === evaluation;

const scoreValue = (score: Attributes): number | undefined => asNumber(score.get('gen_ai.evaluation.score.value'));

function scoreRow(score: Attributes, span: readonly [string, string] | undefined, settings: GenAiSettings): Row {
  if (!counts(score, settings)) return { kind: 'skip', reason: 'other_evaluation' };
  const quality = scoreValue(score);
  // An evaluation may give a label alone.
  if (quality === undefined) return { kind: 'skip', reason: 'no_score' };
  if (!(quality >= 0 && quality <= 1)) throw invalid('gen_ai.evaluation.score.value', 'must be between 0 and 1');
  const response = asText(score.get('gen_ai.response.id'));
  const request = scoredRequest({ ...(response === undefined ? {} : { response }), ...(span ? { span } : {}) });
  if (request.length === 0) throw invalid('gen_ai.response.id', 'is missing, and so are the ids of the span');
  return { kind: 'score', request, quality: quality + 0 };
}
