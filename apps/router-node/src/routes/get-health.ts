import { defineOperation, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { z } from 'zod';

export const getHealth = (): Operation =>
  defineOperation({
    id: 'get-health',
    method: 'get',
    path: '/healthz',
    summary: 'The process is alive',
    always: true,
    open: true,
    replies: { 200: replyOf(json(z.object({ status: z.literal('alive') })), 'It is') },
    handle: async () => jsonReply({ status: 'alive' }),
  });
