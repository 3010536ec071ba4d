/** The library face: the original design's usage example, and what it refuses. */
import { createClusterHash, type FederatedRewardSignal, SecaggError } from '@secagg/schema';
import {
  createSecureAggregationKeys,
  type SecureAggregationOptions,
  SecureRewardAggregatorCoordinator,
  SecureRewardAggregatorNode,
} from '../src';

const cluster_hash = createClusterHash('eu-west', 'a salt of the cluster');
const clock = () => Date.UTC(2026, 0, 1);
const options: SecureAggregationOptions = {
  catalogue: ['gpt-4:chat', 'gpt-4:code'],
  clusterHash: cluster_hash,
  clock,
  unsafeNoNoise: true,
};
const signal = (success_rate: number, total_samples: number): FederatedRewardSignal => ({
  schema_version: 1,
  aggregation_round: 1,
  cluster_hash,
  participant_count: 1,
  timestamp: '2026-01-01T00:00:00Z',
  reward_signals: { 'gpt-4:chat': { success_rate, avg_latency: 1.5, total_samples, quality_score: 0.5 } },
});
const start = (n: number, changes: Partial<SecureAggregationOptions> = {}) => {
  const keys = createSecureAggregationKeys(n, { ...options, ...changes });
  const coordinator = new SecureRewardAggregatorCoordinator(keys);
  return {
    keys,
    coordinator,
    nodes: keys.routers.map((router) => new SecureRewardAggregatorNode(router, coordinator)),
  };
};
const codeOf = (run: () => unknown): string | undefined => {
  try {
    run();
  } catch (error) {
    if (error instanceof SecaggError) return error.code;
    throw error;
  }
  return undefined;
};

it('runs the usage example: three routers, two contributions, a minimum of two', () => {
  const keys = createSecureAggregationKeys(3, options);
  const coordinator = new SecureRewardAggregatorCoordinator(keys);
  const [a, b] = keys.routers.map((router) => new SecureRewardAggregatorNode(router, coordinator));
  expect(coordinator.collectContribution(a.encryptRewardSignal(signal(0.9, 10)))).toMatchObject({ accepted: true });
  expect(coordinator.collectContribution(b.encryptRewardSignal(signal(0.6, 30)))).toMatchObject({ accepted: true });
  const result = coordinator.performSecureAggregation({ minParticipants: 2 });
  expect(result.signal?.reward_signals['gpt-4:chat'].total_samples).toBe(40);
  expect(result.signal?.reward_signals['gpt-4:chat'].success_rate).toBeCloseTo(0.675, 5);
  expect(result.signal?.participant_count).toBe(2);
});

it('gives contributions that survive JSON, and lets every router verify the result by itself', () => {
  const { coordinator, nodes } = start(3);
  for (const node of nodes) {
    const contribution = JSON.parse(JSON.stringify(node.encryptRewardSignal(signal(0.5, 20))));
    expect(contribution).toEqual({
      router_id: node.routerId,
      encrypted_signal: expect.any(String),
      signature: expect.any(String),
      timestamp: '2026-01-01T00:00:00.000Z',
      aggregation_round: 1,
    });
    const collected = coordinator.collectContribution(contribution);
    if (!collected.accepted) throw new Error(collected.message);
    node.keepReceipt(collected.receipt);
    expect(coordinator.collectContribution(contribution)).toEqual(collected);
  }
  const result = coordinator.performSecureAggregation({ minParticipants: 3 });
  if (!result.signal) throw new Error(result.reason);
  for (const node of nodes) expect(node.receiveResult(result.published)?.signal).toEqual(result.signal);
  const altered = result.published.slice();
  altered[altered.length >> 1] ^= 1;
  expect(codeOf(() => nodes[0].receiveResult(altered))).toBeDefined();
});

it('aborts a round with fewer contributions than asked for, opens nothing, and goes on with the next', () => {
  const { coordinator, nodes } = start(4);
  coordinator.collectContribution(nodes[0].encryptRewardSignal(signal(0.9, 10)));
  coordinator.collectContribution(nodes[1].encryptRewardSignal(signal(0.9, 10)));
  const aborted = coordinator.performSecureAggregation({ minParticipants: 3 });
  expect(aborted).toEqual({ signal: null, reason: 'insufficient_participants', published: expect.any(Uint8Array) });
  if (aborted.published) expect(nodes[0].receiveResult(aborted.published)).toBeUndefined();
  expect(coordinator.performSecureAggregation({ minParticipants: 1 })).toEqual({ signal: null, reason: 'no_round' });

  const again = nodes.map((node) => node.encryptRewardSignal(signal(0.9, 10)));
  expect(again.map((contribution) => contribution.aggregation_round)).toEqual([2, 2, 2, 2]);
  for (const contribution of again) expect(coordinator.collectContribution(contribution).accepted).toBe(true);
  expect(coordinator.performSecureAggregation({ minParticipants: 3 }).signal?.participant_count).toBe(4);
});

it('does not let a request lower the announced minimum', () => {
  const { coordinator, nodes } = start(3, { minParticipants: 3 });
  for (const node of nodes.slice(0, 2)) coordinator.collectContribution(node.encryptRewardSignal(signal(0.9, 10)));
  expect(coordinator.performSecureAggregation({ minParticipants: 1 })).toMatchObject({
    signal: null,
    reason: 'insufficient_participants',
  });
});

it('refuses with the code of the check that failed', () => {
  const { coordinator, nodes } = start(3);
  const contribution = nodes[0].encryptRewardSignal(signal(0.9, 10));
  const foreign = start(3).nodes[0].encryptRewardSignal(signal(0.9, 10));
  const reasonOf = (changes: object) => {
    const outcome = coordinator.collectContribution({ ...contribution, ...changes });
    return outcome.accepted ? undefined : outcome.reason;
  };
  expect(reasonOf({ encrypted_signal: `${contribution.encrypted_signal}!` })).toBe('malformed');
  expect(reasonOf({ encrypted_signal: undefined })).toBe('malformed');
  expect(reasonOf({ router_id: 'router-1' })).toBe('invalid');
  expect(reasonOf({ aggregation_round: 2 })).toBe('invalid');
  expect(reasonOf({ timestamp: '2026-01-02T00:00:00.000Z' })).toBe('invalid');
  expect(reasonOf({ signature: foreign.signature })).toBe('invalid');
  expect(reasonOf(foreign)).toBe('bad_signature');
  expect(codeOf(() => nodes[0].encryptRewardSignal(signal(0.9, 10)))).toBe('stale_round');
  expect(codeOf(() => nodes[1].encryptRewardSignal(signal(1.5, 10)))).toBe('invalid');
  expect(
    codeOf(() =>
      nodes[1].encryptRewardSignal({ ...signal(0.5, 10), cluster_hash: createClusterHash('us-east', 'salt') }),
    ),
  ).toBe('invalid');
  expect(reasonOf({})).toBeUndefined();
});

it('names the keys a catalogue lacks to the router alone', () => {
  const { nodes } = start(1);
  nodes[0].encryptRewardSignal({
    ...signal(0.9, 10),
    reward_signals: {
      'gpt-4:chat': { success_rate: 1, avg_latency: 1, total_samples: 1 },
      'secret:task': { success_rate: 1, avg_latency: 1, total_samples: 1 },
    },
  });
  expect(nodes[0].missingKeys).toEqual(['secret:task']);
});

it('adds noise unless told not to, states what it cost, and stops when the budget is used up', () => {
  const { coordinator, nodes } = start(2, {
    unsafeNoNoise: false,
    privacy: { epsilon: 8, rounds: 2 },
    maxRequestsPerRouter: 20,
  });
  for (let round = 0; round < 2; round++) {
    for (const node of nodes) coordinator.collectContribution(node.encryptRewardSignal(signal(0.9, 10)));
    const result = coordinator.performSecureAggregation({ minParticipants: 2 });
    if (!result.signal) throw new Error(result.reason);
    expect(result.privacy).toMatchObject({ unit: 'router', delta: 1e-6 });
    expect(result.privacy.epsilon).toBeLessThanOrEqual(8);
    expect(result.privacy.epsilon).toBeGreaterThan(7.9);
    expect(result.signal.privacy_budget_used).toBe(result.privacy.epsilon);
    expect(result.signal.noise_scale).toBeGreaterThan(1);
    for (const node of nodes) node.receiveResult(result.published);
  }
  expect(codeOf(() => nodes[0].encryptRewardSignal(signal(0.9, 10)))).toBe('budget_exhausted');
});

it.each([
  ['no router', 0, {}],
  ['a minimum above the routers', 3, { minParticipants: 4 }],
  ['a minimum of none', 3, { minParticipants: 0 }],
  ['a committee larger than the fleet', 2, { committee: { size: 4, threshold: 2 } }],
])('refuses a fleet with %s', (_name, n, changes) => {
  expect(codeOf(() => createSecureAggregationKeys(n, { ...options, ...changes }))).toMatch(/^(invalid|policy)$/);
});
