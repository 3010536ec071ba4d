/**
 * StandardLoggingPayloads as LiteLLM's generic_api callback sends them, with prompts that nobody may ever see again.
 */

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
}[] = [
  {
    name: 'null for what is optional',
    change: (row) => ({ ...row, response_cost: null, end_user: null, cache_hit: null }),
    fate: 'accepted',
  },
  {
    name: 'no usage',
    change: (row) => ({ ...row, total_tokens: null, prompt_tokens: null, completion_tokens: null }),
    fate: 'accepted',
  },
  { name: 'a negative cost', change: (row) => ({ ...row, response_cost: -0.01 }), fate: 'accepted' },
  { name: 'a huge cost', change: (row) => ({ ...row, response_cost: 1e12 }), fate: 'accepted' },
  { name: 'NaN as text', change: (row) => ({ ...row, response_cost: 'NaN' }), fate: 'accepted' },
  { name: 'NaN as Python writes it', change: (row) => ({ ...row, response_cost: 'BARE NaN' }), fate: 'accepted' },
  {
    name: 'milliseconds',
    change: (row) => ({ ...row, startTime: Number(row.startTime) * 1000, endTime: Number(row.endTime) * 1000 }),
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
  readonly accepted: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly rejected: readonly { readonly index: number; readonly code: string }[];
}

/** So many calls: every twentieth is odd, each in another way, and a few come twice. */
export function payloadBatch(size: number, format: 'array' | 'lines' = 'array'): PayloadBatch {
  const rows: unknown[] = [];
  const counts: Record<string, number> = {};
  const skipped: Record<string, number> = {};
  const rejected: { index: number; code: string }[] = [];
  const skip = (reason: string) => (skipped[reason] = (skipped[reason] ?? 0) + 1);
  for (let i = 0; i < size; i++) {
    const odd = i % 20 === 7 ? oddities[Math.floor(i / 20) % oddities.length] : undefined;
    if (i % 100 === 50) {
      rows.push(payload(i - 1));
      skip('duplicate');
      continue;
    }
    rows.push(odd ? odd.change(payload(i)) : payload(i));
    const fate = odd?.fate ?? 'accepted';
    if (fate === 'accepted') counts[keyOf(i)] = (counts[keyOf(i)] ?? 0) + 1;
    else if ('skipped' in fate) skip(fate.skipped);
    else rejected.push({ index: i, code: fate.rejected });
  }
  const texts = rows.map((row) => JSON.stringify(row).replaceAll('"BARE NaN"', 'NaN'));
  return {
    body: format === 'array' ? `[${texts.join(',')}]` : texts.join('\n'),
    counts,
    accepted: Object.values(counts).reduce((sum, count) => sum + count, 0),
    skipped,
    rejected,
  };
}
