/**
 * StandardLoggingPayloads as LiteLLM's generic_api callback sends them, with prompts that nobody may ever see again.
 */
import { type OwnSums } from './own-sums';

/** In every text of a prompt or response. */
export const SECRET = 'correct horse battery staple';

const models = [
  { group: 'gpt-4o', model: 'openai/gpt-4o-2024-11-20', provider: 'openai' },
  { group: 'claude-sonnet', model: 'anthropic/claude-3-5-sonnet-20241022', provider: 'anthropic' },
  { group: 'ollama/llama3:8b', model: 'ollama/llama3:8b', provider: 'ollama' },
] as const;
const tasks = ['code_generation', 'writing', 'factual_lookup'] as const;
const START_S = 1_800_000_000;

export type Payload = Record<string, unknown>;

/** A call that went as calls go. @param promptLength characters */
export function payload(i: number, promptLength = 200): Payload {
  const { group, model, provider } = models[i % models.length];
  const failed = i % 11 === 0;
  const streamed = i % 3 === 0;
  const latency = 0.5 + (i % 7) / 4;
  const start = START_S + i;
  return {
    id: `chatcmpl-${i.toString(16).padStart(8, '0')}`,
    trace_id: `trace-${i}`,
    call_type: 'acompletion',
    stream: streamed,
    response_cost: failed ? 0 : 0.00001 * (i + 1),
    response_cost_failure_debug_info: null,
    status: failed ? 'failure' : 'success',
    custom_llm_provider: provider,
    total_tokens: failed ? 0 : 300 + i,
    prompt_tokens: failed ? 0 : 200 + i,
    completion_tokens: failed ? 0 : 100,
    startTime: start,
    endTime: start + latency,
    completionStartTime: start + 0.1,
    response_time: streamed ? 0.1 : latency,
    model_map_information: { model_map_key: model, model_map_value: { max_tokens: 16384, mode: 'chat' } },
    model,
    model_id: `deployment-${i % 3}`,
    model_group: group,
    api_base: 'https://api.example/v1',
    metadata: {
      user_api_key_hash: `key-${i % 5}`,
      user_api_key_alias: null,
      user_api_key_team_id: 'team',
      spend_logs_metadata: i % 2 === 0 ? { task: tasks[i % tasks.length] } : null,
      requester_ip_address: '',
      prompt_management_metadata: null,
    },
    cache_hit: i % 4 === 0 ? null : false,
    cache_key: null,
    saved_cache_cost: 0,
    request_tags: i % 2 === 1 ? ['User-Agent: litellm', `task:${tasks[i % tasks.length]}`] : [],
    end_user: i % 4 === 0 ? `user-${i % 9}` : '',
    requester_ip_address: null,
    messages: [
      { role: 'system', content: `You are helpful. ${SECRET}` },
      { role: 'user', content: `${SECRET} "${'x'.repeat(promptLength)}" \\ é\n` },
    ],
    response: { id: `chatcmpl-${i}`, choices: [{ index: 0, message: { role: 'assistant', content: SECRET } }] },
    error_str: failed ? `AuthenticationError: ${SECRET}` : null,
    error_information: { error_code: failed ? '401' : '', error_class: '', llm_provider: provider },
    model_parameters: { temperature: 0.7, max_tokens: 512, tools: null },
    hidden_params: { model_id: null, cache_key: null, additional_headers: null, response_cost: '1.2e-05' },
    guardrail_information: null,
  };
}

export const keyOf = (i: number): string => `${models[i % models.length].group}:${tasks[i % tasks.length]}`;

export type Fate = 'accepted' | { readonly skipped: string } | { readonly rejected: string };

/** Everything that may be odd about a call, and what is to become of it; the index is that of a call that is well. */
export const oddities: readonly {
  readonly name: string;
  readonly change: (row: Payload) => unknown;
  readonly fate: Fate;
  /** Values that the answer calls dropped; a cost without tokens is one. */
  readonly dropped?: readonly ('cost_usd' | 'tokens')[];
  readonly isClipped?: true;
  /** Its cost per token is not known. */
  readonly unpriced?: true;
  readonly isFailure?: true;
  readonly latency?: number;
  /** In place of that of the call. */
  readonly keyOf?: (i: number) => string;
}[] = [
  {
    name: 'a huge cost',
    change: (row) => ({ ...row, response_cost: 1e12 }),
    fate: 'accepted',
    isClipped: true,
  },
  {
    name: 'null for what is optional',
    change: (row) => ({ ...row, response_cost: null, end_user: null, cache_hit: null }),
    fate: 'accepted',
    unpriced: true,
  },
  {
    name: 'null for all that may be',
    change: ({ id, status, startTime, endTime, model, ...row }) => ({
      ...Object.fromEntries(Object.keys(row).map((name) => [name, null])),
      ...{ id, status, startTime, endTime, model },
    }),
    fate: 'accepted',
    unpriced: true,
    keyOf: (i) => `${models[i % models.length].model}:general`,
  },
  {
    name: 'nothing but what must be',
    change: ({ id, status, startTime, endTime, model }) => ({ id, status, startTime, endTime, model }),
    fate: 'accepted',
    unpriced: true,
    keyOf: (i) => `${models[i % models.length].model}:general`,
  },
  {
    name: 'no usage',
    change: (row) => ({ ...row, total_tokens: null, prompt_tokens: null, completion_tokens: null }),
    fate: 'accepted',
    dropped: ['cost_usd'],
    unpriced: true,
  },
  ...(
    [
      ['a negative cost', -0.01],
      ['NaN as text', 'NaN'],
      ['NaN as Python writes it', 'BARE NaN'],
      ['an endless cost as text', '-Infinity'],
      ['a cost that is no number', { usd: 1 }],
    ] as const
  ).map(([name, cost]) => ({
    name,
    change: (row: Payload) => ({ ...row, response_cost: cost }),
    fate: 'accepted' as const,
    dropped: ['cost_usd'] as const,
    unpriced: true as const,
  })),
  {
    name: 'less than no tokens',
    change: (row) => ({ ...row, total_tokens: -5 }),
    fate: 'accepted',
    dropped: ['tokens', 'cost_usd'],
    unpriced: true,
  },
  {
    name: 'a stream that broke off',
    change: (row) => ({ ...row, stream: true, completionStartTime: null, response_time: null, status: 'failure' }),
    fate: 'accepted',
    isFailure: true,
  },
  { name: 'the id of another call', change: (row) => ({ ...row, id: payload(1).id }), fate: { skipped: 'duplicate' } },
  {
    name: 'milliseconds',
    change: (row) => ({ ...row, startTime: Number(row.startTime) * 1000, endTime: Number(row.endTime) * 1000 }),
    fate: 'accepted',
  },
  {
    name: 'microseconds',
    change: (row) => ({ ...row, startTime: Number(row.startTime) * 1e6, endTime: Number(row.endTime) * 1e6 }),
    fate: 'accepted',
  },
  {
    name: 'nanoseconds',
    change: (row) => ({ ...row, startTime: Number(row.startTime) * 1e9, endTime: Number(row.endTime) * 1e9 }),
    fate: 'accepted',
  },
  {
    name: 'dates',
    change: (row) => ({ ...row, startTime: '2027-01-15 08:00:00.000001', endTime: '2027-01-15 08:00:01.5' }),
    fate: 'accepted',
    latency: 1.5,
  },
  { name: 'a cached answer', change: (row) => ({ ...row, cache_hit: true }), fate: { skipped: 'cache_hit' } },
  { name: 'an embedding', change: (row) => ({ ...row, call_type: 'aembedding' }), fate: { skipped: 'call_type' } },
  { name: 'no model', change: (row) => ({ ...row, model_group: null, model: null }), fate: { rejected: 'invalid' } },
  { name: 'no times', change: (row) => ({ ...row, startTime: null, endTime: null }), fate: { rejected: 'invalid' } },
  {
    name: 'an end before its start',
    change: (row) => ({ ...row, endTime: Number(row.startTime) - 5 }),
    fate: { rejected: 'invalid' },
  },
  { name: 'no status', change: (row) => ({ ...row, status: null }), fate: { rejected: 'invalid' } },
  {
    name: 'a task that is no part of a key',
    change: (row) => ({ ...row, request_tags: ['task:a:b'] }),
    fate: { rejected: 'invalid' },
  },
  { name: 'no object', change: () => null, fate: { rejected: 'invalid' } },
];

export interface PayloadBatch {
  readonly body: string;
  readonly counts: Readonly<Record<string, number>>;
  /** Of what was accepted. */
  readonly sums: Readonly<Record<string, OwnSums>>;
  /** What the answer says of values, by field and key. */
  readonly dropped: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly clipped: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Kinds of oddities that it has. */
  readonly odd: number;
  readonly accepted: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly rejected: readonly { readonly index: number; readonly code: string }[];
}

/** So many calls: every twentieth is odd, each in another way, and a few come twice. */
export function payloadBatch(size: number, format: 'array' | 'lines' = 'array'): PayloadBatch {
  const rows: unknown[] = [];
  const sums: Record<string, OwnSums> = {};
  const skipped: Record<string, number> = {};
  const rejected: { index: number; code: string }[] = [];
  const dropped: Record<string, Record<string, number>> = {};
  const clipped: Record<string, Record<string, number>> = {};
  const kinds = new Set<string>();
  const skip = (reason: string) => (skipped[reason] = (skipped[reason] ?? 0) + 1);
  const count = (where: typeof dropped, field: string, key: string) =>
    (where[field] = { ...where[field], [key]: (where[field]?.[key] ?? 0) + 1 });
  for (let i = 0; i < size; i++) {
    const odd = i % 20 === 7 ? oddities[Math.floor(i / 20) % oddities.length] : undefined;
    if (i % 100 === 50) {
      rows.push(payload(i - 1));
      skip('duplicate');
      continue;
    }
    if (odd) kinds.add(odd.name);
    const row = payload(i);
    rows.push(odd ? odd.change(row) : row);
    const fate = odd?.fate ?? 'accepted';
    if (fate !== 'accepted') {
      if ('skipped' in fate) skip(fate.skipped);
      else rejected.push({ index: i, code: fate.rejected });
      continue;
    }
    const key = odd?.keyOf?.(i) ?? keyOf(i);
    const isSuccess = row.status === 'success' && !odd?.isFailure;
    const before = sums[key] ?? { requests: 0, successes: 0, latency: 0, priced: 0, scored: 0 };
    sums[key] = {
      requests: before.requests + 1,
      successes: before.successes + Number(isSuccess),
      latency: before.latency + (odd?.latency ?? Number(row.endTime) - Number(row.startTime)),
      priced: before.priced + Number(isSuccess && !odd?.unpriced),
      scored: 0,
    };
    // Of a call that failed the cost is not looked at.
    for (const field of odd?.dropped ?? []) if (isSuccess || field === 'tokens') count(dropped, field, key);
    if (odd?.isClipped && isSuccess) count(clipped, 'cost_usd', key);
  }
  const counts = Object.fromEntries(Object.entries(sums).map(([key, { requests }]) => [key, requests]));
  const texts = rows.map((row) => JSON.stringify(row).replaceAll('"BARE NaN"', 'NaN'));
  return {
    body: format === 'array' ? `[${texts.join(',')}]` : texts.join('\n'),
    counts,
    sums,
    dropped,
    clipped,
    odd: kinds.size,
    accepted: Object.values(counts).reduce((sum, each) => sum + each, 0),
    skipped,
    rejected,
  };
}
