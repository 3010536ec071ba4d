import { problems, type ProblemCode } from '@secagg/schema';
import { createMetrics } from './create-metrics';

/** A sample's value in the exposition, `undefined` when the series is not there. */
const sample = (text: string, series: string): number | undefined => {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
};
const typeOf = (text: string, name: string): string | undefined =>
  new RegExp(`^# TYPE ${name} (\\w+)$`, 'm').exec(text)?.[1];
const codes = Object.keys(problems) as ProblemCode[];
const coordinator = () => createMetrics({ app: 'coordinator', processMetrics: false });
const router = () => createMetrics({ app: 'router-node', processMetrics: false });

const COMMON = {
  secure_agg_failures_total: 'counter',
  federated_rounds_completed: 'counter',
  federated_reward_batches_total: 'counter',
  federation_round_duration_seconds: 'histogram',
  secure_agg_contribution_validation_seconds: 'histogram',
  secure_agg_participants: 'gauge',
  secure_agg_privacy_budget_spent_epsilon: 'gauge',
  secure_agg_privacy_budget_remaining_epsilon: 'gauge',
  secure_agg_privacy_request_epsilon: 'gauge',
  secure_agg_privacy_protects: 'gauge',
  federation_failed_authentications: 'counter',
  federation_malformed_messages: 'counter',
  secure_agg_misbehaviour_proven_total: 'counter',
  secure_agg_rounds_implausible_total: 'counter',
  secure_agg_freshness_left_seconds: 'gauge',
  secure_agg_not_ready: 'gauge',
};
const ROUTER_ONLY = {
  secure_agg_receipts_not_honoured_total: 'counter',
  secure_agg_unlisted_quota_full: 'gauge',
  router_ingest_rows_total: 'counter',
  router_observations_waiting: 'gauge',
  router_values_clipped_total: 'counter',
  router_values_dropped_total: 'counter',
};
const COORDINATOR_ONLY = {
  secure_agg_rounds_put_off: 'gauge',
  federation_participation_rate: 'gauge',
  federation_nodes_active: 'gauge',
  federation_routers_suspected: 'gauge',
  federation_routers_quarantined: 'gauge',
};

describe('exposition', () => {
  it('has the fixed names with their types, and no others', async () => {
    const names = (text: string) =>
      Object.fromEntries([...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)].map(([, name, type]) => [name, type]));
    expect(names(await coordinator().exposition())).toEqual({ ...COMMON, ...COORDINATOR_ONLY });
    expect(names(await router().exposition())).toEqual({ ...COMMON, ...ROUTER_ONLY });
  });

  it('includes the process unless told otherwise, each registry by itself', async () => {
    const first = createMetrics({ app: 'coordinator' });
    const second = createMetrics({ app: 'coordinator' });
    first.nodesActive(3);
    expect(typeOf(await first.exposition(), 'process_cpu_seconds_total')).toBe('counter');
    expect(sample(await second.exposition(), 'federation_nodes_active')).toBe(0);
    expect(first.contentType).toContain('text/plain');
  });

  it('starts every reason at zero', async () => {
    const text = await coordinator().exposition();
    const reasons = [
      'unauthorized',
      'insufficient_participants',
      'validation_error',
      'duplicate',
      'stale_round',
      'expired',
      'revoked',
      'policy',
      'budget_exhausted',
      'committee_unavailable',
      'recovery_failed',
    ];
    for (const reason of reasons) expect(sample(text, `secure_agg_failures_total{reason="${reason}"}`)).toBe(0);
  });

  it('leaves out what is not known yet', async () => {
    const metrics = coordinator();
    const before = await metrics.exposition();
    expect(before).not.toMatch(/^secure_agg_privacy_budget_remaining_epsilon/m);
    expect(before).not.toMatch(/^federation_participation_rate/m);
    const figures = { spent: 1.5, remaining: 6.5, request: 0.5, protects: 'window' } as const;
    metrics.privacyBudget(new Map([['ab', figures]]));
    const after = await metrics.exposition();
    const privacy = (name: string, cluster = 'ab') => `secure_agg_privacy_${name}_epsilon{cluster="${cluster}"}`;
    expect(sample(after, privacy('budget_spent'))).toBe(1.5);
    expect(sample(after, privacy('budget_remaining'))).toBe(6.5);
    expect(sample(after, privacy('request'))).toBe(0.5);
    const protects = (what: string) => `secure_agg_privacy_protects{cluster="ab",protection="${what}"}`;
    expect([sample(after, protects('window')), sample(after, protects('event'))]).toEqual([1, 0]);
    metrics.privacyBudget(
      new Map([
        ['ab', { ...figures, protects: 'event' }],
        ['cd', { ...figures, spent: 3 }],
      ]),
    );
    const changed = await metrics.exposition();
    expect(sample(changed, privacy('budget_spent', 'cd'))).toBe(3);
    metrics.privacyBudget(new Map([['cd', figures]]));
    const without = await metrics.exposition();
    expect(sample(without, privacy('budget_spent', 'cd'))).toBe(1.5);
    expect(without).not.toContain('"ab"');
    expect([sample(changed, protects('window')), sample(changed, protects('event'))]).toEqual([0, 1]);
  });
});

describe('failures', () => {
  it.each(codes)('counts %s once under its reason, which opens no new series', async (code) => {
    const metrics = coordinator();
    const series = (text: string) => text.split('\n').filter((line) => line.startsWith('secure_agg_failures_total{'));
    const before = series(await metrics.exposition());
    metrics.messageRefused(code);
    const after = series(await metrics.exposition());
    const changed = after.filter((line) => !before.includes(line));
    expect(changed).toEqual([`secure_agg_failures_total{reason="${problems[code].metric}"} 1`]);
    expect(after.length).toBe(before.length);
  });

  it('counts failed authentications and malformed messages along', async () => {
    const metrics = router();
    for (const code of ['bad_signature', 'expired', 'revoked', 'unknown_party'] as const) metrics.messageRefused(code);
    for (const code of ['malformed', 'not_canonical', 'too_large'] as const) metrics.messageRefused(code);
    for (const code of ['duplicate', 'stale_round', 'budget_exhausted'] as const) metrics.contributionRefused(code);
    metrics.roundFailed('insufficient_participants');
    const text = await metrics.exposition();
    expect(sample(text, 'federation_failed_authentications')).toBe(4);
    expect(sample(text, 'federation_malformed_messages')).toBe(3);
    expect(sample(text, 'secure_agg_failures_total{reason="insufficient_participants"}')).toBe(1);
  });
});

describe('events', () => {
  it('of the coordinator', async () => {
    const metrics = coordinator();
    metrics.contributionAccepted('ab', 0.0003);
    metrics.contributionAccepted('ab', 0.0003);
    metrics.messageRefused('bad_signature');
    metrics.contributionChecked(0.003);
    metrics.messageRefused('too_large');
    metrics.nodesActive(7);
    metrics.clustersKnown(['ab', 'cd']);
    metrics.roundCompleted('ab', 12, 5, 5 / 7);
    metrics.roundImplausible('ab');
    metrics.routersSuspected(
      new Map([
        ['ab', { suspected: 3, quarantined: 2 }],
        ['ef', { suspected: 1, quarantined: 0 }],
      ]),
    );
    metrics.routersSuspected(
      new Map([
        ['ab', { suspected: 2, quarantined: 1 }],
        ['cd', { suspected: 0, quarantined: 0 }],
      ]),
    );
    const text = await metrics.exposition();
    expect(sample(text, 'federated_reward_batches_total{cluster="ab"}')).toBe(2);
    expect(sample(text, 'federated_reward_batches_total{cluster="cd"}')).toBe(0);
    expect(sample(text, 'secure_agg_contribution_validation_seconds_count')).toBe(3);
    expect(sample(text, 'secure_agg_contribution_validation_seconds_bucket{le="0.0004"}')).toBe(2);
    expect(sample(text, 'federation_nodes_active')).toBe(7);
    expect(sample(text, 'federation_routers_suspected{cluster="ab"}')).toBe(2);
    expect(sample(text, 'federation_routers_quarantined{cluster="ab"}')).toBe(1);
    expect(sample(text, 'federation_routers_suspected{cluster="cd"}')).toBe(0);
    expect(sample(text, 'federation_routers_suspected{cluster="ef"}')).toBeUndefined();
    expect(sample(text, 'federated_rounds_completed{cluster="ab"}')).toBe(1);
    expect(sample(text, 'federated_rounds_completed{cluster="cd"}')).toBe(0);
    expect(sample(text, 'secure_agg_participants{cluster="ab"}')).toBe(5);
    expect(sample(text, 'federation_participation_rate{cluster="ab"}')).toBeCloseTo(5 / 7, 12);
    expect(sample(text, 'federation_round_duration_seconds_sum{cluster="ab"}')).toBe(12);
    expect(sample(text, 'secure_agg_rounds_implausible_total{cluster="ab"}')).toBe(1);
  });

  it('of a router node', async () => {
    const metrics = router();
    metrics.clustersKnown(['ab']);
    metrics.contributionSent('ab');
    metrics.receiptNotHonoured('ab');
    metrics.contributionChecked(0.001);
    metrics.contributionRefused('bad_signature', 0.001);
    metrics.roundVerified('ab', 3, 4);
    metrics.roundVerified('ab', 3, 6);
    metrics.privacyBudget(new Map([['ab', { spent: 0, remaining: Infinity, request: 0, protects: 'event' }]]));
    metrics.rowsTaken('litellm', 'skipped', 'cache_hit', 3);
    metrics.observationsWaiting({ unknown: 4 });
    metrics.observationsWaiting({ listed: 3, unlisted: 1 });
    metrics.valuesClipped('latency_s', 'm:t', 2);
    metrics.valuesDropped('cost_usd', undefined, 1);
    const text = await metrics.exposition();
    expect(sample(text, 'federated_reward_batches_total{cluster="ab"}')).toBe(1);
    expect(sample(text, 'secure_agg_receipts_not_honoured_total{cluster="ab"}')).toBe(1);
    expect(sample(text, 'secure_agg_rounds_implausible_total{cluster="ab"}')).toBe(0);
    expect(sample(text, 'secure_agg_contribution_validation_seconds_count')).toBe(2);
    expect(sample(text, 'federated_rounds_completed{cluster="ab"}')).toBe(2);
    expect(sample(text, 'secure_agg_participants{cluster="ab"}')).toBe(6);
    expect(text).toContain('secure_agg_privacy_budget_remaining_epsilon{cluster="ab"} +Inf');
    expect(sample(text, 'router_ingest_rows_total{source="litellm",outcome="skipped",reason="cache_hit"}')).toBe(3);
    expect(sample(text, 'router_observations_waiting{catalogue="unlisted"}')).toBe(1);
    expect(sample(text, 'router_observations_waiting{catalogue="unknown"}')).toBeUndefined();
    expect(sample(text, 'router_values_clipped_total{field="latency_s",key="m:t"}')).toBe(2);
    expect(sample(text, 'router_values_dropped_total{field="cost_usd",key="unlisted"}')).toBe(1);
  });
});
