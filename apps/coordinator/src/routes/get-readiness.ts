import { defineOperation, json, type Operation, readinessReply, replyOf } from '@secagg/http';
import { documentsStatusSchema } from '@secagg/client';
import { documentsReport, epochInForce } from '@secagg/protocol';
import { z } from 'zod';
import { type Engine } from '../engine';
import { type Readiness } from '../readiness';

const readinessSchema = z.object({
  status: z.literal('ready'),
  epoch: z.int().nullable(),
  documents: documentsStatusSchema,
});

export const getReadiness = ({ journal, now }: Pick<Engine, 'journal' | 'now'>, readiness: Readiness): Operation =>
  defineOperation({
    id: 'get-readiness',
    method: 'get',
    path: '/readyz',
    summary:
      'It can do its part in rounds: store, documents, certificate and plans are as they should be. An epoch comes by itself and is not needed for that',
    always: true,
    replies: {
      200: replyOf(json(readinessSchema), 'Ready'),
      503: 'not ready: the problem lists the `reasons`, each with `reason`, `detail` and `action`',
    },
    async handle() {
      await readiness.lookAtStore();
      return readinessReply(readiness.problems(), {
        epoch: epochInForce(journal.state, now())?.body.epoch ?? null,
        documents: documentsReport(journal.state, now()),
      });
    },
  });

export const getStoreReadiness = (readiness: Readiness): Operation =>
  defineOperation({
    id: 'get-store-readiness',
    method: 'get',
    path: '/readyz/store',
    summary: 'Requests can be served: the journal takes writes. For load balancers',
    always: true,
    replies: {
      200: replyOf(json(z.object({ status: z.literal('ready') })), 'Ready'),
      503: 'the journal takes no writes, or the service is shutting down',
    },
    async handle() {
      return readinessReply(await readiness.lookAtStore(), {});
    },
  });
