import { defineOperation, json, type Operation, readinessReply, replyOf } from '@secagg/http';
import { documentsStatusSchema } from '@secagg/client';
import { documentsReport } from '@secagg/protocol';
import { z } from 'zod';
import { type Readiness } from '../fleet/readiness';
import { type Router } from '../participant/router';

const readinessSchema = z.object({
  status: z.literal('ready'),
  fleet_known: z.boolean(),
  documents: documentsStatusSchema,
});

export const getReadiness = (
  { store, fleet, now }: Pick<Router, 'store' | 'fleet' | 'now'>,
  readiness: Readiness,
): Operation =>
  defineOperation({
    id: 'get-readiness',
    method: 'get',
    path: '/readyz',
    summary:
      'It takes part in rounds: store, documents, roster and coordinator are as they should be. Observations may still be accepted',
    always: true,
    open: true,
    replies: {
      200: replyOf(json(readinessSchema), 'Ready'),
      503: 'not ready: the problem lists the `reasons`, each with `reason`, `detail` and `action`',
    },
    async handle() {
      readiness.storeProblems();
      return readinessReply(readiness.problems(), {
        fleet_known: store.journal.hasBegun,
        documents: documentsReport(fleet.known, now()),
      });
    },
  });

export const getStoreReadiness = (readiness: Readiness): Operation =>
  defineOperation({
    id: 'get-store-readiness',
    method: 'get',
    path: '/readyz/store',
    summary: 'Observations can be taken: for whatever decides whether they are sent here',
    always: true,
    open: true,
    replies: {
      200: replyOf(json(z.object({ status: z.literal('ready') })), 'Ready'),
      503: 'the store takes no writes',
    },
    async handle() {
      return readinessReply(readiness.storeProblems(), {});
    },
  });
