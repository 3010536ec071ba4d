import {
  cbor,
  clusterParameter,
  defineOperation,
  messageReply,
  type Operation,
  replyOf,
  roundParameter,
  waitParameter,
} from '@secagg/http';
import { roundKey } from '@secagg/protocol';
import { roundPhase, roundStatusMessage } from '@secagg/schema';
import { poll } from '../changes';
import { type Engine } from '../engine';
import { isFinal } from '../rounds/phases';
import { recordedStatus, statusOfRound } from '../rounds/round-status';

export const getRoundStatus = ({ journal, intake, store, changes }: Engine): Operation =>
  defineOperation({
    id: 'get-round-status',
    method: 'get',
    path: '/v1/clusters/:cluster/rounds/:round',
    params: { cluster: clusterParameter, round: roundParameter },
    summary: 'Where a round stands; waits until it is over, or has left `phase`, or the wait is over',
    query: {
      phase: roundPhase.optional().describe('come back as soon as the round is in another phase'),
      wait_ms: waitParameter(0),
    },
    waits: null,
    replies: { 200: replyOf(cbor(roundStatusMessage), 'Where it stands'), 404: 'there was no such round' },
    async handle(call) {
      const cluster = call.params.cluster;
      const number = call.params.round;
      const { phase: known, wait_ms: waitMs } = call.query;
      const look = () => journal.state.rounds.get(roundKey(cluster, number));
      await poll(changes, waitMs, call.signal, () => {
        const live = look();
        return !live || isFinal(live.phase) || (known !== undefined && live.phase !== known) || undefined;
      });
      const live = look();
      return messageReply(
        roundStatusMessage,
        live ? await statusOfRound(intake, live) : await recordedStatus(store, cluster, number),
      );
    },
  });
