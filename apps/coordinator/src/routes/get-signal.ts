import { type PublishedSignal, publishedSignalSchema } from '@secagg/client';
import { clusterParameter, defineOperation, json, JSON_TYPE, type Operation, replyOf } from '@secagg/http';
import { roundKey } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { type Engine } from '../engine';
import { type RoundFinisher } from '../rounds/finish-rounds';

export const getSignal = ({ journal, store }: Engine, finisher: RoundFinisher): Operation =>
  defineOperation({
    id: 'get-signal',
    method: 'get',
    path: '/v1/clusters/:cluster/signal',
    params: { cluster: clusterParameter },
    summary:
      'The aggregated signal of the newest published round, as this coordinator states it: routers verify the transcript instead. One in which every key is withheld takes the place of no other',
    replies: {
      200: replyOf(json(publishedSignalSchema), 'The signal (GAP-371), and how it came about'),
      404: 'nothing was published yet',
    },
    async handle(call) {
      const cluster = call.params.cluster;
      const newest = journal.state.latestRound.get(cluster);
      if (newest !== undefined) await finisher.written(roundKey(cluster, newest));
      const signal = await store.latestSignal(cluster);
      if (signal === undefined) throw new SecaggError('not_found', `cluster ${cluster} has no published signal yet`);
      return { status: 200, type: JSON_TYPE, body: withNewer(signal, await store.newestSignal(cluster)) };
    },
  });

/** Says with the signal that is given out that a newer round was implausible, and why. */
function withNewer(signal: string, newest: string | undefined): string {
  if (newest === undefined || newest === signal) return signal;
  const { signal: header, implausible } = JSON.parse(newest) as PublishedSignal;
  if (!implausible) return signal;
  const newer = { round: header.aggregation_round, groups: implausible };
  return JSON.stringify({ ...(JSON.parse(signal) as PublishedSignal), newer_implausible: newer });
}
