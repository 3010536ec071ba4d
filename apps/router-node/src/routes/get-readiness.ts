import { defineOperation, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { documentsStatusSchema } from '@secagg/client';
import { documentsReport } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { z } from 'zod';
import { type Router } from '../participant/router';

const readinessSchema = z.object({
  status: z.literal('ready'),
  fleet_known: z.boolean(),
  documents: documentsStatusSchema,
});

export const getReadiness = ({
  store,
  observations,
  fleet,
  now,
}: Pick<Router, 'store' | 'observations' | 'fleet' | 'now'>): Operation =>
  defineOperation({
    id: 'get-readiness',
    method: 'get',
    path: '/readyz',
    summary: 'Observations can be taken; the coordinator may be away, and the fleet documents too old to take part',
    always: true,
    open: true,
    replies: { 200: replyOf(json(readinessSchema), 'Ready'), 503: 'not ready' },
    async handle() {
      try {
        store.check();
        await observations.check();
      } catch {
        throw new SecaggError('unavailable', 'the store cannot be written');
      }
      return jsonReply({
        status: 'ready',
        fleet_known: store.journal.state !== undefined,
        documents: documentsReport(fleet.known, now()),
      });
    },
  });
