import { roundKey } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { type Engine } from '../engine';
import { JSON_TYPE, type Operation } from '../http/operation';
import { clusterOf } from '../http/parameters';
import { type RoundFinisher } from '../rounds/finish-rounds';

export const getSignal = ({ journal, store }: Engine, finisher: RoundFinisher): Operation => ({
  id: 'get-signal',
  method: 'get',
  path: '/v1/clusters/:cluster/signal',
  summary:
    'The aggregated signal of the newest published round, as this coordinator states it: routers verify the transcript instead',
  replies: {
    200: 'JSON: signal (GAP-371), details, withheld, privacy, participants, left_out',
    404: 'nothing was published yet',
  },
  async handle(call) {
    const cluster = clusterOf(call);
    const newest = journal.state.latestRound.get(cluster);
    if (newest !== undefined) await finisher.written(roundKey(cluster, newest));
    const signal = await store.latestSignal(cluster);
    if (signal === undefined) throw new SecaggError('not_found', `cluster ${cluster} has no published signal yet`);
    return { status: 200, type: JSON_TYPE, body: signal };
  },
});
