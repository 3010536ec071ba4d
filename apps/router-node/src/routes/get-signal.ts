/** GET /v1/signal: the latest aggregate this node has verified, and what this router has spent and has left by now. */
import { type PublishedSignal } from '@secagg/client';
import { SecaggError } from '@secagg/schema';
import { type Router as Routes } from 'express';
import { routerPrivacy } from '../participant/budget';
import { type Router } from '../participant/router';

export function getSignal(routes: Routes, router: Router): void {
  const { config, store } = router;
  routes.get('/v1/signal', (_request, response) => {
    const latest = store.aggregates.latest(config.cluster);
    if (!latest) throw new SecaggError('not_found', 'no round has been verified yet');
    const aggregate = JSON.parse(latest.json) as PublishedSignal;
    response.json({ ...aggregate, privacy: { ...aggregate.privacy, ledger: routerPrivacy(router) } });
  });
}
