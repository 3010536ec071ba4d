import { jsonReply, type Operation } from '../http/operation';

export const getHealth = (): Operation => ({
  id: 'get-health',
  method: 'get',
  path: '/healthz',
  summary: 'The process is alive',
  always: true,
  asIs: true,
  replies: { 200: 'JSON' },
  handle: async () => jsonReply({ status: 'ok' }),
});
