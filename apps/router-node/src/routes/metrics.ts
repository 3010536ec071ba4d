/** GET /metrics: Prometheus' text format. */
import { type RouterNodeMetrics } from '@secagg/metrics';
import { type Router } from 'express';

export function metricsRoute(router: Router, metrics: RouterNodeMetrics): void {
  router.get('/metrics', async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.exposition());
  });
}
