import { SecaggError } from '@secagg/schema';
import { createAliases, NO_ALIASES } from '../names/aliases';
import { createNames } from '../names/names';
import { type GenAiSettings, mapLogRecord, mapSpan } from './gen-ai';

const settings: GenAiSettings = {
  names: createNames(createAliases(NO_ALIASES), 'general'),
  taskAttribute: 'secagg.task',
};
type Scalar = string | number | boolean;
const valueOf = (value: Scalar) =>
  typeof value === 'string'
    ? { stringValue: value }
    : typeof value === 'boolean'
      ? { boolValue: value }
      : Number.isInteger(value)
        ? { intValue: String(value) }
        : { doubleValue: value };
const attributes = (values: Record<string, Scalar | undefined>) =>
  Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: valueOf(value) }]));
const trace = '0af7651916cd43dd8448eb211c80319c';
const chat = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'gpt-4o',
  'gen_ai.response.model': 'gpt-4o-2024-11-20',
  'gen_ai.response.id': 'chatcmpl-1',
  'gen_ai.usage.input_tokens': 200,
  'gen_ai.usage.output_tokens': 100,
  'secagg.task': 'writing',
  'gen_ai.input.messages': 'secret',
};
const spanOf = (values: Record<string, Scalar | undefined> = {}, change: object = {}) => ({
  traceId: trace,
  spanId: 'B7AD6B7169203331',
  parentSpanId: '',
  name: 'chat gpt-4o',
  startTimeUnixNano: '1800000000250000000',
  endTimeUnixNano: '1800000001750000000',
  attributes: attributes({ ...chat, ...values }),
  status: {},
  ...change,
});
const map = (values?: Record<string, Scalar | undefined>, change?: object, given = settings) =>
  mapSpan(spanOf(values, change), given);
const observation = { model: 'gpt-4o', task: 'writing', success: true, latency_s: 1.5, tokens: 300 };
const refusal = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    if (error instanceof SecaggError) return { code: error.code, path: error.details.path };
    throw error;
  }
};
const evaluation = (values: Record<string, Scalar | undefined>) => ({
  name: 'gen_ai.evaluation.result',
  attributes: attributes({ 'gen_ai.evaluation.name': 'relevance', ...values }),
});

describe('a span of a model call', () => {
  it('becomes an observation, and nothing of what was said', () => {
    const rows = map();
    expect(rows).toEqual([
      {
        kind: 'observation',
        observation,
        dropped: [],
        ids: { own: `span:${trace}/b7ad6b7169203331`, others: ['response:chatcmpl-1'], scoredAs: [] },
      },
    ]);
    expect(JSON.stringify(rows)).not.toContain('secret');
  });

  it.each<[string, Record<string, Scalar | undefined>, object, object]>([
    [
      'the older generation',
      {
        'gen_ai.operation.name': undefined,
        'gen_ai.provider.name': undefined,
        'gen_ai.system': 'openai',
        'llm.request.type': 'chat',
        'gen_ai.usage.input_tokens': undefined,
        'gen_ai.usage.output_tokens': undefined,
        'gen_ai.usage.prompt_tokens': 200,
        'gen_ai.usage.completion_tokens': 100,
      },
      {},
      {},
    ],
    ['the model of the answer', { 'gen_ai.request.model': undefined }, {}, { model: 'gpt-4o-2024-11-20' }],
    ['the task of the prompt', { 'secagg.task': undefined, 'gen_ai.prompt.name': 'p' }, {}, { task: 'p' }],
    ['the default task', { 'secagg.task': undefined }, {}, { task: 'general' }],
    ['an error by its type', { 'error.type': 'timeout' }, {}, { success: false }],
    ['an error by its status', {}, { status: { code: 2 } }, { success: false }],
    ['an error by the name of its status', {}, { status: { code: 'STATUS_CODE_ERROR' } }, { success: false }],
    ['a status that is well', {}, { status: { code: 1 } }, {}],
    ['a cost', { 'litellm.cost.total': 0.01 }, {}, { cost_usd: 0.01 }],
    ["LiteLLM's end user", { 'litellm.end_user.id': 'somebody' }, {}, { requester: 'somebody' }],
    ['a quality', {}, { events: [evaluation({ 'gen_ai.evaluation.score.value': 0.75 })] }, { quality: 0.75 }],
    [
      'the last quality',
      {},
      {
        events: [
          evaluation({ 'gen_ai.evaluation.score.value': 0.75 }),
          evaluation({ 'gen_ai.evaluation.score.value': 1 }),
        ],
      },
      { quality: 1 },
    ],
    ['numbers for times', {}, { startTimeUnixNano: 1.8e18, endTimeUnixNano: 1.8e18 }, { latency_s: 0 }],
  ])('gives %s', (_, values, change, expected) =>
    expect(map(values, change)).toMatchObject([{ observation: { ...observation, ...expected }, dropped: [] }]),
  );

  it('takes task and requester from attributes of the configuration', () => {
    const given = { ...settings, taskAttribute: 'app.route', requesterAttribute: 'enduser.id' };
    expect(map({ 'app.route': 'r', 'enduser.id': 'u' }, {}, given)).toMatchObject([
      { observation: { task: 'r', requester: 'u' } },
    ]);
  });

  it('is kept without values that cannot be', () => {
    const odd = { 'litellm.cost.total': -1, 'gen_ai.usage.input_tokens': -5, 'gen_ai.usage.output_tokens': undefined };
    const rows = map(odd, { events: [evaluation({ 'gen_ai.evaluation.score.value': 7 })] });
    expect(rows).toMatchObject([{ dropped: ['cost_usd', 'tokens', 'quality'] }]);
  });

  it.each<[string, Record<string, Scalar | undefined>, object]>([
    ['model', { 'gen_ai.request.model': undefined, 'gen_ai.response.model': undefined }, {}],
    ['task', { 'secagg.task': 'a:b' }, {}],
    ['startTimeUnixNano', {}, { startTimeUnixNano: '0' }],
    ['endTimeUnixNano', {}, { endTimeUnixNano: undefined }],
    ['endTimeUnixNano', {}, { endTimeUnixNano: '1700000000000000000' }],
  ])('is refused for its %s', (path, values, change) =>
    expect(refusal(() => map(values, change))).toEqual({ code: 'invalid', path }),
  );

  it.each<Record<string, Scalar | undefined>>([
    { 'gen_ai.operation.name': 'embeddings' },
    { 'gen_ai.operation.name': 'execute_tool' },
    { 'gen_ai.operation.name': 'invoke_agent' },
    { 'gen_ai.operation.name': undefined, 'gen_ai.provider.name': undefined },
    { 'gen_ai.operation.name': undefined, 'gen_ai.system': 'openai', 'llm.request.type': 'embedding' },
  ])('is another one with %j, and skipped', (values) =>
    expect(map(values)).toEqual([{ kind: 'skip', reason: 'no_model_call' }]),
  );

  it.each([null, 7, []])('is no %j', (value) =>
    expect(refusal(() => mapSpan(value, settings))).toMatchObject({ code: 'invalid' }),
  );
});

describe('a score', () => {
  const score = { 'gen_ai.evaluation.score.value': 0.5 };
  const record = (values: Record<string, Scalar | undefined>, change: object = {}) => ({
    eventName: 'gen_ai.evaluation.result',
    traceId: trace,
    spanId: 'b7ad6b7169203331',
    attributes: attributes({ 'gen_ai.evaluation.name': 'relevance', ...score, ...values }),
    ...change,
  });

  it('names its request by the span, and by the response', () => {
    expect(mapLogRecord(record({}), settings)).toEqual({
      kind: 'score',
      quality: 0.5,
      request: [`span:${trace}/b7ad6b7169203331`],
    });
    expect(mapLogRecord(record({ 'gen_ai.response.id': 'r' }, { traceId: '', spanId: '' }), settings)).toEqual({
      kind: 'score',
      quality: 0.5,
      request: ['response:r', 'id:r', 'litellm:r'],
    });
  });

  it('may have its name in an attribute, or come in the span of its evaluation', () => {
    expect(
      mapLogRecord(record({ 'event.name': 'gen_ai.evaluation.result' }, { eventName: undefined }), settings),
    ).toMatchObject({ kind: 'score' });
    const judge = spanOf(
      { 'gen_ai.operation.name': 'evaluate' },
      { parentSpanId: 'b7ad6b7169203331', spanId: 'c7ad6b7169203331', events: [evaluation(score)] },
    );
    expect(mapSpan(judge, settings)).toEqual([
      { kind: 'score', quality: 0.5, request: [`span:${trace}/b7ad6b7169203331`] },
    ]);
  });

  it('counts only where its evaluation is the one of the configuration', () => {
    const given = { ...settings, evaluation: 'correctness' };
    expect(mapLogRecord(record({}), given)).toEqual({ kind: 'skip', reason: 'other_evaluation' });
    expect(mapLogRecord(record({ 'gen_ai.evaluation.name': 'correctness' }), given)).toMatchObject({ kind: 'score' });
    expect(map({}, { events: [evaluation(score)] }, given)).not.toMatchObject([{ observation: { quality: 0.5 } }]);
  });

  it('is none without a value, or in another record', () => {
    expect(mapLogRecord(record({ 'gen_ai.evaluation.score.value': undefined }), settings)).toEqual({
      kind: 'skip',
      reason: 'no_score',
    });
    expect(mapLogRecord({ body: { stringValue: 'x' } }, settings)).toEqual({ kind: 'skip', reason: 'no_score' });
  });

  it.each<[string, object]>([
    ['gen_ai.evaluation.score.value', record({ 'gen_ai.evaluation.score.value': 1.5 })],
    ['gen_ai.evaluation.score.value', record({ 'gen_ai.evaluation.score.value': 'high' })],
    ['gen_ai.response.id', record({}, { traceId: '00000000000000000000000000000000' })],
    ['', []],
  ])('is refused for its %s', (path, value) =>
    expect(refusal(() => mapLogRecord(value, settings))).toEqual({ code: 'invalid', path }),
  );
});
