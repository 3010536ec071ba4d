import { defineOperation, type Operation, replyOf, text } from '@secagg/http';
import { type RouterNodeMetrics } from '@secagg/metrics';

/** @param refreshGauges brings up to date what depends on the time */
export const getMetrics = (
  metrics: Pick<RouterNodeMetrics, 'contentType' | 'exposition'>,
  refreshGauges: () => void,
): Operation =>
  defineOperation({
    id: 'get-metrics',
    method: 'get',
    path: '/metrics',
    summary: 'Metrics in the text format of Prometheus',
    replies: { 200: replyOf(text, 'The metrics') },
    async handle() {
      refreshGauges();
      return { status: 200, type: metrics.contentType, body: await metrics.exposition() };
    },
  });
