import { publishedSignalSchema } from './published-signal';

const result = {
  signal: {
    schema_version: 1,
    aggregation_round: 1,
    cluster_hash: 'ab'.repeat(8),
    participant_count: 4,
    timestamp: '2026-01-01T00:00:00Z',
    reward_signals: {},
  },
  details: {},
  withheld: [{ key: 'm:t', reason: 'few_groups' }],
  participants: ['a', 'b'],
  left_out: [],
  privacy: { unit: 'request', rho: null, epsilon: null, delta: 1e-6 },
};
const robust = {
  combination: 'median',
  combined_groups: [0, 2],
  discarded_groups: [{ group: 1, routers: ['c'], reason: 'out_of_range', key: 'm:t', field: 'samples' }],
  scores: [
    {
      group: 0,
      size: 2,
      flagged: false,
      score: 0.8,
      largest: { key: 'm:t', measure: 'success_rate', deviation: -1.2 },
    },
    { group: 1, size: 1, flagged: true, implausible: { reason: 'out_of_range', key: 'm:t', field: 'samples' } },
    { group: 2, size: 1, flagged: false, score: 0, added_later: 1 },
  ],
};

describe('a published result', () => {
  it('is kept whole, with and without a report on its groups', () => {
    expect(publishedSignalSchema.parse(result)).toEqual(result);
    expect(publishedSignalSchema.parse({ ...result, robust })).toEqual({ ...result, robust });
  });

  it.each<[string, unknown]>([
    ['with a combination that has none', { ...robust, combination: 'sum' }],
    ['without scores', { ...robust, scores: undefined }],
    ['with a score that is none', { ...robust, scores: [{ group: 0, size: 2, flagged: false, score: -1 }] }],
    ['of another kind', null],
  ])('is refused with a report %s', (_what, other) =>
    expect(publishedSignalSchema.safeParse({ ...result, robust: other }).success).toBe(false),
  );
});
