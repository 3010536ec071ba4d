import { defineOperation, type Operation, replyOf, text } from '@secagg/http';
import { type CoordinatorMetrics } from '@secagg/metrics';

/** @param refresh brings gauges up to date */
export const getMetrics = (
  metrics: Pick<CoordinatorMetrics, 'contentType' | 'exposition'>,
  refresh: () => void,
): Operation =>
  defineOperation({
    id: 'get-metrics',
    method: 'get',
    path: '/metrics',
    summary: 'Metrics in the text format of Prometheus',
    asIs: true,
    replies: { 200: replyOf(text, 'The metrics') },
    async handle() {
      refresh();
      return { status: 200, type: metrics.contentType, body: await metrics.exposition() };
    },
  });
