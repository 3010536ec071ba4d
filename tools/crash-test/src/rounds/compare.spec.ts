import { type PublishedResult } from '@secagg/protocol';
import { type FederatedRewardSignal } from '@secagg/schema';
import { differences } from './compare';

const truth = {
  reward_signals: { 'r:s': { success_rate: 0.5, avg_latency: 1, total_samples: 10 } },
} as unknown as FederatedRewardSignal;
const result = (success_rate: number, avg_latency: number, standardError = 0): PublishedResult =>
  ({
    // With noise the published value is clamped and says less than what was opened.
    signal: {
      reward_signals: {
        'r:s': standardError > 0 ? { success_rate: 0.5, avg_latency: 1 } : { success_rate, avg_latency },
      },
    },
    details: {
      'r:s': {
        standard_errors: { success_rate: standardError, avg_latency: standardError },
        unclamped: { success_rate, avg_latency },
      },
    },
  }) as unknown as PublishedResult;

describe('a result beside the truth', () => {
  it.each([
    ['equal', result(0.5, 1), 0],
    ['within half a unit', result(0.5, 1.00001), 0],
    ['past the resolution', result(0.5, 1.001), 1],
    ['another rate', result(0.51, 1), 1],
    ['within eight standard errors', result(0.5 + 7.9 * 0.01, 1, 0.01), 0],
    ['past them', result(0.5 + 8.2 * 0.01, 1, 0.01), 1],
  ])('is found to be %s', (_what, published, problems) => {
    expect(differences(published, truth)).toHaveLength(problems);
  });

  it('lacks a number', () => {
    expect(
      differences({ signal: { reward_signals: {} }, details: {} } as unknown as PublishedResult, truth),
    ).toHaveLength(2);
  });
});
