/** What comes as JSON: signals and observations. */
import { type Bytes, parseObservation, parseSignal, SecaggError } from '@secagg/schema';
import { type UnsafeDraw } from '@secagg/testbed/random';
import { mutateBytes } from '../mutate/bytes';
import { mutateValue, type Tree } from '../mutate/values';
import { type Target, Violation } from './target';

export const observation = {
  model: 'm',
  task: 't',
  success: true,
  latency_s: 0.5,
  quality: 0.5,
  cost_usd: 0.01,
  tokens: 100,
  requester: 'somebody',
};
export const rankRequest = {
  task: 't',
  candidates: ['m', 'n'],
  weights: { success: 1, quality: 0.5, latency: 0.1, cost: 0.1 },
  exploration: 'thompson',
  deviations: 1,
  taken: 'm',
};
export const litellmPayload = {
  id: 'chatcmpl-1',
  model: 'gpt-4o-mini',
  model_group: 'm',
  status: 'success',
  response_cost: 0.001,
  startTime: 1_780_000_000.5,
  endTime: 1_780_000_001.25,
  total_tokens: 30,
  cache_hit: false,
  metadata: { requester_metadata: { task: 't' } },
};
export const score = { id: 'chatcmpl-1', quality: 0.5 };
export const aliases = { models: { 'n-2024': 'n' }, tasks: { chat: 't' } };
const attribute = (key: string, value: object) => ({ key, value });
const telemetry = {
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b174',
  attributes: [
    attribute('gen_ai.request.model', { stringValue: 'm' }),
    attribute('gen_ai.operation.name', { stringValue: 'chat' }),
    attribute('gen_ai.usage.output_tokens', { intValue: '30' }),
  ],
};
export const traces = {
  resourceSpans: [
    {
      scopeSpans: [
        {
          spans: [
            {
              ...telemetry,
              name: 'chat m',
              startTimeUnixNano: '1780000000000000000',
              endTimeUnixNano: '1780000001000000000',
            },
          ],
        },
      ],
    },
  ],
};
export const logs = {
  resourceLogs: [{ scopeLogs: [{ logRecords: [{ ...telemetry, timeUnixNano: '1780000000000000000' }] }] }],
};
export const signalOf = (cluster: string) => ({
  schema_version: 1,
  aggregation_round: 3,
  cluster_hash: cluster,
  participant_count: 4,
  timestamp: '2026-01-01T00:00:00Z',
  privacy_budget_used: 0.5,
  noise_scale: 1.5,
  reward_signals: {
    'm:t': { success_rate: 0.9, avg_latency: 1, total_samples: 3, quality_score: 0.5, cost_efficiency: 0.001 },
    'm:u': { success_rate: 1, avg_latency: 0, total_samples: 1 },
  },
});

const RAW = [
  '1e999',
  '-1e999',
  '-0',
  '1e-400',
  '0.1e1',
  '9007199254740993',
  '{"__proto__":{"a":1}}',
  '"\\ud800"',
  '"\\u0000"',
  'NaN',
  '01',
  '[]',
  '{}',
  'null',
];

export function mutateJson(value: object, draw: UnsafeDraw): Bytes {
  const text = (json: string) => new TextEncoder().encode(json);
  const valid = () => JSON.stringify(value);
  if (draw.chance(0.15)) return mutateBytes(text(valid()), draw, [text('{"a":[1,2]}')]);
  if (draw.chance(0.15)) {
    // Numbers and texts that only JSON can say, where a value was.
    const places = [...valid().matchAll(/:("[^"]*"|[\d.]+|true)/g)];
    const { index, 0: match } = draw.pick(places);
    return text(`${valid().slice(0, index)}:${draw.pick(RAW)}${valid().slice(index + match.length)}`);
  }
  if (draw.chance(0.03)) {
    const depth = draw.pick([10, 1000, 20_000]);
    return text(`${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}`);
  }
  const changed = mutateValue(value as Tree, draw);
  return text(
    JSON.stringify(changed, (_, item: unknown) => (item instanceof Uint8Array ? [...item.subarray(0, 8)] : item)) ?? '',
  );
}

function parse(input: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(input));
  } catch {
    throw new SecaggError('malformed', 'no JSON');
  }
}

const jsonTarget = (name: string, valid: object, read: (value: unknown) => unknown): Target => ({
  name,
  weight: 3,
  make: (draw) => mutateJson(valid, draw),
  run: (input) => {
    const once = read(parse(input));
    if (JSON.stringify(read(JSON.parse(JSON.stringify(once)))) !== JSON.stringify(once))
      throw new Violation('what was accepted is not accepted as it was read');
  },
});

export const jsonTargets = (cluster: string): Target[] => [
  jsonTarget('parseSignal', signalOf(cluster), (value) => parseSignal(value)),
  jsonTarget('parseObservation', observation, parseObservation),
];
