import { defineOperation, json, noContent, type Operation } from '@secagg/http';
import { createSignalSchema, MAX_LAYOUT_KEYS, SecaggError } from '@secagg/schema';
import { type Router } from '../participant/router';

export const MAX_SIGNAL_BYTES = 32 * 1024 * 1024;

export const putSignal = ({
  config: { privacyUnit },
  observations,
}: Pick<Router, 'config' | 'observations'>): Operation =>
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
      await observations.putSignal(new Uint8Array(await call.body(MAX_SIGNAL_BYTES)));
      return noContent;
    },
  });
