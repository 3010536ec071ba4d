/** GET /healthz: the process is alive. GET /readyz: observations can be taken; the coordinator may be away. */
import { SecaggError } from '@secagg/schema';
import { type Router } from 'express';
import { type RouterStore } from '../store/router-store';

export function health(router: Router, store: Pick<RouterStore, 'check' | 'journal'>): void {
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'alive' });
  });
  router.get('/readyz', (_request, response) => {
    try {
      store.check();
    } catch {
      throw new SecaggError('unavailable', 'the store cannot be written');
    }
    response.json({ status: 'ready', fleet_known: store.journal.state !== undefined });
  });
}
