import { type RoundHistoryPage, roundHistorySchema } from '@secagg/client';
import { defineOperation, integerText, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { type CellEvidence, cellOf, MEASURES, type NoisyRatio } from '@secagg/priors';
import { joinKey, modelSchema, SecaggError, signalKeySchema, taskSchema } from '@secagg/schema';
import { type Router } from '../participant/router';
import { sourceOf } from '../priors/priors-keeper';

export const getHistory = ({ priors }: Pick<Router, 'priors'>): Operation =>
  defineOperation({
    id: 'get-history',
    method: 'get',
    path: '/v1/history',
    summary: 'What each verified round says of one model at one task, newest first',
    query: {
      model: modelSchema.describe('the model'),
      task: taskSchema.describe('the task'),
      limit: integerText(1, 256).default(100).describe('most rounds'),
    },
    replies: { 200: replyOf(json(roundHistorySchema), 'The rounds that are kept, also those without the key') },
    async handle({ query: { model, task, limit } }) {
      const key = joinKey(model, task);
      if (!signalKeySchema.safeParse(key).success)
        throw new SecaggError('invalid', 'model and task do not make a key', { path: 'task' });
      const rounds = priors.rounds
        .slice(0, limit)
        .map((round) => ({ ...sourceOf(round), ...shown(cellOf(round, key)) }));
      return jsonReply({ model, task, rounds } satisfies RoundHistoryPage);
    },
  });

type Shown = Pick<RoundHistoryPage['rounds'][number], 'state' | 'requests' | 'means'>;

/** A mean is shown where the count is published; the others would be read as more than they are. */
function shown(cell: CellEvidence | undefined): Shown {
  if (!cell) return { state: 'not_in_catalogue', requests: null, means: {} };
  if (cell.kind !== 'measured' || cell.isWithheld) return { state: 'withheld', requests: null, means: {} };
  const { value, variance } = cell.samples;
  const means = MEASURES.flatMap((measure) => {
    const ratio = cell.ratios[measure];
    return ratio && ratio.count > 5 * Math.sqrt(ratio.countVariance) && ratio.count > 0.5
      ? [[measure, meanOf(ratio)]]
      : [];
  });
  return {
    state: 'published',
    requests: { value, standard_error: Math.sqrt(variance) },
    means: Object.fromEntries(means) as Shown['means'],
  };
}

function meanOf({ sum, count, sumVariance, countVariance, covariance }: NoisyRatio) {
  const value = sum / count;
  const variance = Math.max(0, sumVariance - 2 * value * covariance + value * value * countVariance);
  return { value, standard_error: Math.sqrt(variance) / count };
}
