import { SecaggError } from '@secagg/schema';
import { createAliases, NO_ALIASES } from '../names/aliases';
import { createNames } from '../names/names';
import { epochSeconds } from './epoch-seconds';
import { mapPayload } from './map-payload';

const names = createNames(createAliases(NO_ALIASES), 'general');
/** As LiteLLM 1.8x sends it, shortened where it is long. */
const payload = {
  id: 'chatcmpl-1',
  trace_id: 'd3c1',
  call_type: 'acompletion',
  stream: false,
  response_cost: 0.0012,
  status: 'success',
  custom_llm_provider: 'openai',
  total_tokens: 300,
  prompt_tokens: 200,
  completion_tokens: 100,
  startTime: 1_800_000_000.25,
  endTime: 1_800_000_001.75,
  completionStartTime: 1_800_000_000.5,
  response_time: 0.25,
  model: 'gpt-4o-2024-11-20',
  model_id: 'ab12',
  model_group: 'gpt-4o',
  api_base: 'https://api.example',
  metadata: { user_api_key_hash: 'hash', spend_logs_metadata: { task: 'writing' }, user_api_key_team_id: null },
  cache_hit: null,
  cache_key: null,
  saved_cache_cost: 0,
  request_tags: ['User-Agent: x', 'task:code_generation'],
  end_user: '',
  requester_ip_address: null,
  messages: [{ role: 'user', content: 'secret' }],
  response: { choices: [{ message: { content: 'secret' } }] },
  error_str: null,
};
const map = (change: Record<string, unknown> = {}) => mapPayload({ ...payload, ...change }, names);
const observation = {
  model: 'gpt-4o',
  task: 'code_generation',
  success: true,
  latency_s: 1.5,
  cost_usd: 0.0012,
  tokens: 300,
  requester: 'hash',
};
const refusal = (change: Record<string, unknown>): unknown => {
  try {
    return map(change);
  } catch (error) {
    if (error instanceof SecaggError) return { code: error.code, path: error.details.path };
    throw error;
  }
};

it('becomes an observation, and nothing of what was said', () => {
  const row = map();
  expect(row).toEqual({
    kind: 'observation',
    observation,
    dropped: [],
    ids: { own: 'litellm:chatcmpl-1', others: [], scoredAs: ['response:chatcmpl-1'] },
  });
  expect(JSON.stringify(row)).not.toContain('secret');
});

it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
  ['the model of the call where there is no group', { model_group: '' }, { model: 'gpt-4o-2024-11-20' }],
  ['null for a group', { model_group: null }, { model: 'gpt-4o-2024-11-20' }],
  ['a model with a colon', { model_group: 'ollama/llama3:8b' }, { model: 'ollama/llama3:8b' }],
  ['the task of the metadata', { request_tags: ['x'] }, { task: 'writing' }],
  ['null for tags', { request_tags: null }, { task: 'writing' }],
  ['the default task', { request_tags: ['task: '], metadata: null }, { task: 'general', requester: undefined }],
  [
    'a failure, of which the cost says nothing',
    { status: 'failure', response_cost: 0 },
    { success: false, cost_usd: undefined },
  ],
  ['the end user first', { end_user: 'somebody' }, { requester: 'somebody' }],
  ['milliseconds', { startTime: 1_800_000_000_250, endTime: 1_800_000_001_750 }, {}],
  ['nanoseconds and seconds', { startTime: 1_800_000_000_250_000_000 }, {}],
  ['dates', { startTime: '2027-01-15 08:00:00.250000', endTime: '2027-01-15T08:00:01.750Z' }, {}],
  ['numbers in text', { startTime: '1800000000.25', response_cost: '0.0012', total_tokens: '300' }, {}],
  ['parts of the tokens', { total_tokens: null }, {}],
  ['a stream, by its end', { stream: true, response_time: 0.01 }, {}],
  ['an older call type', { call_type: 'litellm.completion' }, {}],
  ['no call type', { call_type: null }, {}],
  ['text completion', { call_type: 'atext_completion' }, {}],
])('takes %s', (_, change, expected) =>
  expect(map(change)).toEqual({ ...map(), observation: { ...observation, ...expected } }),
);

it.each<[string, Record<string, unknown>, string[]]>([
  ['no usage', { total_tokens: null, prompt_tokens: null, completion_tokens: null }, []],
  ['no cost', { response_cost: null }, []],
  ['a negative cost', { response_cost: -1 }, ['cost_usd']],
  ['a cost that is no number', { response_cost: 'NaN' }, ['cost_usd']],
  ['an endless cost', { response_cost: '-Infinity' }, ['cost_usd']],
  ['a cost of another kind', { response_cost: { usd: 1 } }, ['cost_usd']],
  ['half a token', { total_tokens: 0.5 }, ['tokens']],
  ['more tokens than there are', { total_tokens: 1e10 }, ['tokens']],
])('is kept with %s', (_, change, dropped) => {
  const row = map(change);
  expect(row).toMatchObject({ kind: 'observation', dropped });
  const { cost_usd, tokens } = (row as { observation: { cost_usd?: number; tokens?: number } }).observation;
  expect(cost_usd === undefined || tokens === undefined).toBe(true);
});

it('holds a cost past all bounds to the largest there is', () => {
  expect(map({ response_cost: 1e300 })).toMatchObject({ observation: { cost_usd: 1e6 }, dropped: [] });
});

it.each<[string, Record<string, unknown>]>([
  ['cache_hit', { cache_hit: true }],
  ['cache_hit', { cache_hit: 'True' }],
  ['call_type', { call_type: 'aembedding' }],
  ['call_type', { call_type: 'pass_through_endpoint' }],
])('is skipped for %s', (reason, change) => expect(map(change)).toEqual({ kind: 'skip', reason }));

it.each<[string, Record<string, unknown>]>([
  ['model', { model_group: null, model: null }],
  ['model', { model_group: null, model: 7 }],
  ['model', { model_group: 'a\u0000b' }],
  ['task', { request_tags: ['task:a:b'] }],
  ['status', { status: 'unknown' }],
  ['status', { status: null }],
  ['startTime', { startTime: null }],
  ['startTime', { startTime: 12 }],
  ['endTime', { endTime: 'NaN' }],
  ['endTime', { endTime: 1_700_000_000 }],
  ['latency_s', { endTime: 1_900_000_000 }],
])('is refused for its %s: %j', (path, change) => expect(refusal(change)).toEqual({ code: 'invalid', path }));

it.each([null, 7, 'x', [], [payload]])('is refused as %j', (value) =>
  expect(() => mapPayload(value, names)).toThrow(expect.objectContaining({ code: 'invalid' })),
);

it('has no id without one, and a short one for a long one', () => {
  expect(map({ id: null })).not.toHaveProperty('ids');
  expect(map({ id: 'x'.repeat(5000) })).toMatchObject({
    ids: { own: expect.stringMatching(/^litellm:[0-9a-f]{64}$/) },
  });
});

it('calls models and tasks as the fleet does', () => {
  const aliased = createNames(
    createAliases({ models: { 'gpt-4o': 'fleet-4o' }, tasks: { code_generation: 'code', general: 'g' } }),
    'general',
  );
  expect(mapPayload(payload, aliased)).toMatchObject({ observation: { model: 'fleet-4o', task: 'code' } });
  expect(mapPayload({ ...payload, request_tags: [], metadata: {} }, aliased)).toMatchObject({
    observation: { task: 'g' },
  });
});

it.each([
  [1_800_000_000, 1_800_000_000],
  [1_800_000_000_000, 1_800_000_000],
  [1.8e15, 1_800_000_000],
  [1.8e18, 1_800_000_000],
  ['2027-01-15T08:00:00+00:00', 1_800_000_000],
  ['2027-01-15T09:00:00.000000+0100', 1_800_000_000],
  ['', undefined],
  [0, undefined],
  [NaN, undefined],
  ['yesterday', undefined],
  ['2027-99-15T09:00:00', undefined],
])('reads the time %j as %j', (value, seconds) => expect(epochSeconds(value)).toBe(seconds));
