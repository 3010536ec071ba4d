import { SecaggError } from '../problems';
import { signalKey, splitSignalKey } from './key';
import { costPerToken, parseObservation } from './observation';

const valid = { model: 'a:b', task: 't', success: true, latency_s: 0.5 };

describe('parseObservation', () => {
  it.each([
    valid,
    { ...valid, success: 0, latency_s: 0 },
    { ...valid, success: 1, latency_s: 1e6, quality: 1, cost_usd: 1e6, tokens: 1e9 },
    { ...valid, success: false, cost_usd: 0 },
    { ...valid, tokens: 0 },
    { ...valid, requester: 'x'.repeat(256) },
    { ...valid, id: 'x'.repeat(256) },
  ])('takes %j unchanged', (observation) => {
    expect(parseObservation(observation)).toEqual(observation);
  });

  it('takes null for an optional field as its absence', () => {
    const nulls = { quality: null, cost_usd: null, tokens: null, requester: null, id: null };
    expect(parseObservation({ ...valid, ...nulls })).toEqual(valid);
  });

  it.each([
    'ollama/llama3:8b',
    'openai/gpt-4o:free',
    'bedrock/anthropic.claude-3-sonnet-20240229-v1:0',
    'ft:gpt-4o-mini-2024-07-18:acme::AbC',
    '@cf/meta/llama-2-7b',
    'Ünïcode model (α)',
    ':m:',
  ])('takes the model %s', (model) => {
    expect(parseObservation({ ...valid, model })).toEqual({ ...valid, model });
    expect(splitSignalKey(signalKey(model, 't'))).toEqual({ model, task: 't' });
  });

  it.each<[string, Record<string, unknown>]>([
    ['model', { model: '' }],
    ['model', { model: null }],
    ['model', { model: 'a\tb' }],
    ['task', { task: '' }],
    ['task', { task: 'a:b' }],
    ['task', { task: 'x'.repeat(199) }],
    ['task', { model: 'x'.repeat(100), task: 'x'.repeat(100) }],
    ['success', { success: 2 }],
    ['success', { success: '1' }],
    ['success', { success: -0 }],
    ['latency_s', { latency_s: -0 }],
    ['latency_s', { latency_s: 1e6 + 1 }],
    ['latency_s', { latency_s: NaN }],
    ['quality', { quality: 1.1 }],
    ['cost_usd', { cost_usd: -1 }],
    ['tokens', { tokens: 1.5 }],
    ['tokens', { tokens: 1e9 + 1 }],
    ['requester', { requester: '' }],
    ['requester', { requester: 'x'.repeat(257) }],
    ['requester', { requester: 7 }],
    ['id', { id: '' }],
    ['id', { id: 'x'.repeat(257) }],
    ['user', { user: 'somebody' }],
  ])('names %s in the path', (path, change) => {
    const parse = () => parseObservation({ ...valid, ...change });
    expect(parse).toThrow(SecaggError);
    expect(parse).toThrow(expect.objectContaining({ code: 'invalid', details: { path } }));
  });
});

describe('costPerToken', () => {
  it('needs both the cost and a positive number of tokens', () => {
    expect(costPerToken({ cost_usd: 0.00506, tokens: 418 })).toBe(0.00506 / 418);
    expect(costPerToken({ cost_usd: 0, tokens: 1 })).toBe(0);
    expect(costPerToken({ cost_usd: 1 })).toBeUndefined();
    expect(costPerToken({ tokens: 1 })).toBeUndefined();
    expect(costPerToken({ cost_usd: 1, tokens: 0 })).toBeUndefined();
  });
});
