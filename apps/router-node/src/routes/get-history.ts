import { type RoundHistoryPage, roundHistorySchema } from '@secagg/client';
import { defineOperation, integerText, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { joinKey, modelSchema, SecaggError, signalKeySchema, taskSchema } from '@secagg/schema';
import { type Router } from '../participant/router';

export const getHistory = ({ observations }: Pick<Router, 'observations'>): Operation =>
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
      const rounds = await observations.history({ key, limit });
      return jsonReply({ model, task, rounds } satisfies RoundHistoryPage);
    },
  });
