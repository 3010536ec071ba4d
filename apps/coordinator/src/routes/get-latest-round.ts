import { type LatestRound, latestRoundSchema } from '@secagg/client';
import { clusterParameter, defineOperation, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { roundKey } from '@secagg/protocol';
import { type RoundNumber, SecaggError } from '@secagg/schema';
import { type Engine } from '../engine';
import { type RoundTriggers } from '../rounds/triggers';
import { recordedStatus, statusOfRound } from '../rounds/round-status';

export const getLatestRound = ({ journal, intake, store }: Engine, triggers: Pick<RoundTriggers, 'next'>): Operation =>
  defineOperation({
    id: 'get-latest-round',
    method: 'get',
    path: '/v1/clusters/:cluster/rounds/latest',
    params: { cluster: clusterParameter },
    summary: 'Where the newest round of the cluster stands, for people and scripts',
    replies: { 200: replyOf(json(latestRoundSchema), 'Where it stands'), 404: 'the cluster has had no round' },
    async handle(call) {
      const cluster = call.params.cluster;
      const number = journal.state.latestRound.get(cluster);
      if (number === undefined) throw new SecaggError('no_round', `cluster ${cluster} has had no round yet`);
      const live = journal.state.rounds.get(roundKey(cluster, number));
      const { round, phase, contributions } = live
        ? await statusOfRound(intake, live)
        : await recordedStatus(store, cluster, number as RoundNumber);
      const next = triggers.next(cluster);
      return jsonReply({
        cluster,
        round,
        phase,
        contributions,
        ...(live ? { deadline_ms: live.verified.config.deadline_ms } : {}),
        ...(live?.abortReason === undefined ? {} : { reason: live.abortReason }),
        ...(next ? { next: nextOf(next) } : {}),
      });
    },
  });

function nextOf({ atMs, putOff }: NonNullable<ReturnType<RoundTriggers['next']>>): LatestRound['next'] {
  if (!putOff) return { at_ms: atMs };
  const { reason, detail, intervals } = putOff;
  return { at_ms: atMs, put_off: { reason, detail, intervals } };
}
