import { defineOperation, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { SecaggError } from '@secagg/schema';
import { z } from 'zod';
import { type RouterStore } from '../store/router-store';

const readinessSchema = z.object({ status: z.literal('ready'), fleet_known: z.boolean() });

export const getReadiness = (store: Pick<RouterStore, 'check' | 'journal'>): Operation =>
  defineOperation({
    id: 'get-readiness',
    method: 'get',
    path: '/readyz',
    summary: 'Observations can be taken; the coordinator may be away',
    always: true,
    replies: { 200: replyOf(json(readinessSchema), 'Ready'), 503: 'not ready' },
    async handle() {
      try {
        store.check();
      } catch {
        throw new SecaggError('unavailable', 'the store cannot be written');
      }
      return jsonReply({ status: 'ready', fleet_known: store.journal.state !== undefined });
    },
  });
