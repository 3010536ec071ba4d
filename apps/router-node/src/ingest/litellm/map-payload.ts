/** A StandardLoggingPayload of LiteLLM to an observation: the few fields that are used, and nothing else of it. */
import { parseObservation, SecaggError } from '@secagg/schema';
import { asNumber, asObject, asText, idOf, isTrue, type JsonObject, requesterOf } from '../fields';
import { type Names } from '../names/names';
import { usableValues } from '../optional-values';
import { idsOfLitellm } from '../request-ids';
import { type Row } from '../row';
import { epochSeconds } from './epoch-seconds';

/** Calls of a model that answers in text; their asynchronous forms have an `a` in front. */
const CALL_TYPES: ReadonlySet<string> = new Set([
  'completion',
  'text_completion',
  'anthropic_messages',
  'responses',
  'generate_content',
  'generate_content_stream',
]);

/** Throws `invalid` for a payload that makes no observation, `details.path` naming the field. */
export function mapPayload(value: unknown, names: Names): Row {
  const payload = asObject(value);
  if (!payload) throw invalid('', 'must be an object');
  if (isTrue(payload.cache_hit)) return { kind: 'skip', reason: 'cache_hit' };
  if (!isTextCall(payload.call_type)) return { kind: 'skip', reason: 'call_type' };

  const metadata = asObject(payload.metadata);
  const success = successOf(payload.status);
  const { values, dropped } = usableValues({
    // Of a call that failed it says nothing.
    cost_usd: success ? asNumber(payload.response_cost) : undefined,
    tokens: tokensOf(payload),
  });
  const requester = requesterOf(payload.end_user) ?? requesterOf(metadata?.user_api_key_hash);
  const observation = parseObservation({
    ...names.of(asText(payload.model_group) ?? asText(payload.model) ?? null, taskOf(payload, metadata)),
    success,
    latency_s: latencyOf(payload),
    ...values,
    ...(requester === undefined ? {} : { requester }),
  });
  const id = idOf(payload.id);
  return { kind: 'observation', observation, dropped, ...(id === undefined ? {} : { ids: idsOfLitellm(id) }) };
}

const invalid = (path: string, what: string) =>
  new SecaggError('invalid', path === '' ? `payload: ${what}` : `payload ${path}: ${what}`, { path });

/** Such as `acompletion`, or `litellm.completion` in older versions; a payload that does not say counts as one. */
function isTextCall(value: unknown): boolean {
  const type = asText(value)
    ?.toLowerCase()
    .replace(/^litellm\./, '');
  return type === undefined || CALL_TYPES.has(type) || (type.startsWith('a') && CALL_TYPES.has(type.slice(1)));
}

function successOf(status: unknown): boolean {
  if (status === 'success') return true;
  if (status === 'failure') return false;
  throw invalid('status', 'must be success or failure');
}

function tokensOf(payload: JsonObject): number | undefined {
  const total = asNumber(payload.total_tokens);
  if (total !== undefined) return total;
  const parts = [asNumber(payload.prompt_tokens), asNumber(payload.completion_tokens)];
  return parts.every((part) => part === undefined)
    ? undefined
    : parts.reduce((sum: number, part) => sum + (part ?? 0), 0);
}

const TASK_TAG = 'task:';

function taskOf({ request_tags: tags }: JsonObject, metadata: JsonObject | undefined): string | undefined {
  const tagged = Array.isArray(tags)
    ? tags.find((tag): tag is string => typeof tag === 'string' && tag.startsWith(TASK_TAG))
    : undefined;
  return asText(tagged?.slice(TASK_TAG.length)) ?? asText(asObject(metadata?.spend_logs_metadata)?.task);
}

/** Seconds from start to end: `response_time` is the time to the first token where an answer is streamed. */
function latencyOf({ startTime, endTime }: JsonObject): number {
  const start = epochSeconds(startTime);
  if (start === undefined) throw invalid('startTime', 'must be a time');
  const end = epochSeconds(endTime);
  if (end === undefined) throw invalid('endTime', 'must be a time');
  // Clocks may be set back meanwhile, and a call that fails at once may end when it began.
  if (end < start) throw invalid('endTime', 'is before startTime');
  return Math.round((end - start) * 1e6) / 1e6;
}
