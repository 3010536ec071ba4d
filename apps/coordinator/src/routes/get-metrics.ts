import { type CoordinatorMetrics } from '@secagg/metrics';
import { type Operation } from '../http/operation';

/** @param refresh brings gauges up to date */
export const getMetrics = (
  metrics: Pick<CoordinatorMetrics, 'contentType' | 'exposition'>,
  refresh: () => void,
): Operation => ({
  id: 'get-metrics',
  method: 'get',
  path: '/metrics',
  summary: 'Metrics in the text format of Prometheus',
  asIs: true,
  replies: { 200: 'text' },
  async handle() {
    refresh();
    return { status: 200, type: metrics.contentType, body: await metrics.exposition() };
  },
});
