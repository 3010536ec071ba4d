import {
  cbor,
  clusterParameter,
  defineOperation,
  integerText,
  messageReply,
  noContent,
  type Operation,
  partyParameter,
  replyOf,
  waitParameter,
} from '@secagg/http';
import { openRoundMessage, SecaggError } from '@secagg/schema';
import { poll } from '../changes';
import { type Engine } from '../engine';
import { openRoundAfter } from '../rounds/open-rounds';
import { type WaitingRouters } from '../rounds/waiting-routers';

export const getOpenRound = ({ journal, changes, now }: Engine, waiting: WaitingRouters): Operation =>
  defineOperation({
    id: 'get-open-round',
    method: 'get',
    path: '/v1/clusters/:cluster/rounds/open',
    params: { cluster: clusterParameter },
    summary: 'The lowest round above `after` that takes contributions; waits for one',
    query: {
      after: integerText(0, Number.MAX_SAFE_INTEGER).default(0).describe('highest round answered, 0 for none'),
      router: partyParameter.describe('id of the router that asks'),
      wait_ms: waitParameter(25_000),
    },
    waits: 'router',
    replies: {
      200: replyOf(cbor(openRoundMessage), 'The round'),
      204: 'none within the wait',
      404: 'the fleet policy does not have the cluster',
    },
    async handle(call) {
      const cluster = call.params.cluster;
      const { router, after, wait_ms: waitMs } = call.query;
      const { view } = journal.state;
      if (
        !view.policy.clusters.some((entry) => entry.cluster === cluster) &&
        !openRoundAfter(journal.state, cluster, 0)
      )
        throw new SecaggError('not_found', 'the fleet policy does not have the cluster');
      // Only routers of the roster are counted: a caller with another name gets the round and is not counted.
      const known = view.certificates.get(router)?.roles.includes('router') === true;
      const leave = known ? waiting.enter(cluster, router, now()) : () => undefined;
      try {
        const open = await poll(changes, waitMs, call.signal, () => openRoundAfter(journal.state, cluster, after));
        return open ? messageReply(openRoundMessage, open) : noContent;
      } finally {
        leave();
      }
    },
  });
