/** PUT /v1/signal: a ready local signal in place of observations, where a router as a whole is what is protected. */
import { MAX_LAYOUT_KEYS, parseSignal, SecaggError } from '@secagg/schema';
import express, { type Router } from 'express';
import { type Config } from '../config';
import { failpoint } from '../failpoint';
import { decodeText, parseJson } from '../observations/parse-batch';
import { type RouterStore } from '../store/router-store';

const MAX_BODY_BYTES = 32 * 1024 * 1024;

export function putSignal(
  router: Router,
  { privacyUnit, cluster }: Pick<Config, 'privacyUnit' | 'cluster'>,
  { localSignal }: Pick<RouterStore, 'localSignal'>,
): void {
  router.put('/v1/signal', express.raw({ type: 'application/json', limit: MAX_BODY_BYTES }), (request, response) => {
    if (privacyUnit !== 'router') {
      throw new SecaggError(
        'policy',
        'this router protects single requests: a signal of many would go past what each may send; report observations',
      );
    }
    if (!request.is('application/json')) throw new SecaggError('malformed', 'the content type is application/json');
    const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
    const signal = parseSignal(parseJson(decodeText(body), 'the body'), { maxKeys: MAX_LAYOUT_KEYS });
    if (signal.cluster_hash !== cluster)
      throw new SecaggError('policy', 'the signal is of another cluster', { path: 'cluster_hash' });
    failpoint('before-durable:signal-put');
    localSignal.put(signal);
    failpoint('after-durable:signal-put');
    response.status(204).end();
  });
}
