import { defineOperation, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { z } from 'zod';

export const getHealth = (): Operation =>
  defineOperation({
    id: 'get-health',
    method: 'get',
    path: '/healthz',
    summary: 'The process is alive',
    always: true,
    asIs: true,
    replies: { 200: replyOf(json(z.object({ status: z.literal('ok') })), 'It is') },
    handle: async () => jsonReply({ status: 'ok' }),
  });
