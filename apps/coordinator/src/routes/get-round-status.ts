import { roundKey } from '@secagg/protocol';
import { roundPhase, roundStatusMessage } from '@secagg/schema';
import { poll } from '../changes';
import { type Engine } from '../engine';
import { invalid, messageReply, type Operation } from '../http/operation';
import { clusterOf, roundOf, waitOf } from '../http/parameters';
import { isFinal } from '../rounds/phases';
import { recordedStatus, statusOfRound } from '../rounds/round-status';

export const getRoundStatus = ({ journal, store, changes }: Engine): Operation => ({
  id: 'get-round-status',
  method: 'get',
  path: '/v1/clusters/:cluster/rounds/:round',
  summary: 'Where a round stands; waits until it is over, or has left `phase`, or the wait is over',
  query: { phase: 'come back as soon as the round is in another phase', wait_ms: 'longest wait, by default 0' },
  waits: null,
  replies: { 200: 'round-status', 404: 'there was no such round' },
  async handle(call) {
    const cluster = clusterOf(call);
    const number = roundOf(call);
    const known = call.query.get('phase');
    if (known !== null && !roundPhase.safeParse(known).success) throw invalid('phase', 'is no phase of a round');
    const look = () => journal.state.rounds.get(roundKey(cluster, number));
    await poll(changes, waitOf(call, 0), call.signal, () => {
      const live = look();
      return !live || isFinal(live.phase) || (known !== null && live.phase !== known) || undefined;
    });
    const live = look();
    return messageReply(roundStatusMessage, live ? statusOfRound(live) : await recordedStatus(store, cluster, number));
  },
});
