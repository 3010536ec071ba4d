import { defineOperation, json, noContent, type Operation } from '@secagg/http';
import { createSignalSchema, MAX_LAYOUT_KEYS, parseSignal, SecaggError } from '@secagg/schema';
import { type Config } from '../config';
import { failpoint } from '../failpoint';
import { decodeText, parseJson } from '../observations/parse-batch';
import { type RouterStore } from '../store/router-store';

export const MAX_SIGNAL_BYTES = 32 * 1024 * 1024;

export const putSignal = (
  { privacyUnit, cluster }: Pick<Config, 'privacyUnit' | 'cluster'>,
  { localSignal }: Pick<RouterStore, 'localSignal'>,
): Operation =>
  defineOperation({
    id: 'put-signal',
    method: 'put',
    path: '/v1/signal',
    summary: 'A ready local signal in place of observations, where a router as a whole is what is protected',
    request: [json(createSignalSchema(MAX_LAYOUT_KEYS))],
    replies: { 204: 'taken by the next round' },
    async handle(call) {
      if (privacyUnit !== 'router') {
        throw new SecaggError(
          'policy',
          'this router protects single requests: a signal of many would go past what each may send; report observations',
        );
      }
      const body = await call.body(MAX_SIGNAL_BYTES);
      const signal = parseSignal(parseJson(decodeText(body), 'the body'), { maxKeys: MAX_LAYOUT_KEYS });
      if (signal.cluster_hash !== cluster)
        throw new SecaggError('policy', 'the signal is of another cluster', { path: 'cluster_hash' });
      failpoint('before-durable:signal-put');
      localSignal.put(signal);
      failpoint('after-durable:signal-put');
      return noContent;
    },
  });
