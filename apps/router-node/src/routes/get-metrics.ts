import { defineOperation, type Operation, replyOf, text } from '@secagg/http';
import { type RouterNodeMetrics } from '@secagg/metrics';

export const getMetrics = (metrics: Pick<RouterNodeMetrics, 'contentType' | 'exposition'>): Operation =>
  defineOperation({
    id: 'get-metrics',
    method: 'get',
    path: '/metrics',
    summary: 'Metrics in the text format of Prometheus',
    replies: { 200: replyOf(text, 'The metrics') },
    handle: async () => ({ status: 200, type: metrics.contentType, body: await metrics.exposition() }),
  });
