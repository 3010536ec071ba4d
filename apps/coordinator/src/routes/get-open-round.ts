import { openRoundMessage } from '@secagg/schema';
import { poll } from '../changes';
import { type Engine } from '../engine';
import { messageReply, noContent, type Operation } from '../http/operation';
import { clusterOf, integerOf, partyOf, waitOf } from '../http/parameters';
import { openRoundAfter } from '../rounds/open-rounds';
import { type WaitingRouters } from '../rounds/waiting-routers';

export const getOpenRound = ({ journal, changes, now }: Engine, waiting: WaitingRouters): Operation => ({
  id: 'get-open-round',
  method: 'get',
  path: '/v1/clusters/:cluster/rounds/open',
  summary: 'The lowest round above `after` that takes contributions; waits for one',
  query: {
    after: 'highest round answered, 0 for none',
    router: 'id of the router that asks',
    wait_ms: 'longest wait, by default 25000',
  },
  waits: 'router',
  replies: { 200: 'open-round', 204: 'none within the wait' },
  async handle(call) {
    const cluster = clusterOf(call);
    const router = partyOf(call, 'router');
    const after = integerOf(call.query.get('after') ?? '0', 'after', 0, Number.MAX_SAFE_INTEGER);
    const waitMs = waitOf(call, 25_000);
    // Only routers of the roster count: whoever asks under another name gets the round, and is not taken for a router.
    const known = journal.state.view.certificates.get(router)?.roles.includes('router') === true;
    const leave = known ? waiting.enter(cluster, router, now()) : () => undefined;
    try {
      const open = await poll(changes, waitMs, call.signal, () => openRoundAfter(journal.state, cluster, after));
      return open ? messageReply(openRoundMessage, open) : noContent;
    } finally {
      leave();
    }
  },
});
