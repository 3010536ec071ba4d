import { type PublishedSignal, publishedSignalSchema } from '@secagg/client';
import { defineOperation, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { SecaggError } from '@secagg/schema';
import { routerPrivacy } from '../participant/budget';
import { type Router } from '../participant/router';

export const getSignal = (router: Router): Operation =>
  defineOperation({
    id: 'get-signal',
    method: 'get',
    path: '/v1/signal',
    summary: 'The latest aggregate this node has verified, and what this router has spent and has left by now',
    replies: {
      200: replyOf(json(publishedSignalSchema), 'The aggregate'),
      404: 'no usable result has been verified yet',
    },
    async handle() {
      const { aggregates } = router.store;
      const { cluster } = router.config;
      const latest = aggregates.latest(cluster);
      const newer = aggregates.newerImplausible(cluster);
      if (!latest)
        throw new SecaggError(
          'not_found',
          newer
            ? `round ${newer.round} was verified, and no honest fleet can have produced its result: there is no usable one yet`
            : 'no round has been verified yet',
        );
      const aggregate = JSON.parse(latest.json) as PublishedSignal;
      return jsonReply({
        ...aggregate,
        ...(newer ? { newer_implausible: newer } : {}),
        privacy: { ...aggregate.privacy, ledger: routerPrivacy(router) },
      });
    },
  });
