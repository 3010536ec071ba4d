/** GET /v1/signal: the latest aggregate this node has verified. */
import { SecaggError } from '@secagg/schema';
import { type Router } from 'express';
import { type RouterStore } from '../store/router-store';

export function getSignal(router: Router, cluster: string, { aggregates }: Pick<RouterStore, 'aggregates'>): void {
  router.get('/v1/signal', (_request, response) => {
    const latest = aggregates.latest(cluster);
    if (!latest) throw new SecaggError('not_found', 'no round has been verified yet');
    response.type('application/json').send(latest.json);
  });
}
