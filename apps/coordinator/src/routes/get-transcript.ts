import {
  bytesReply,
  cbor,
  clusterParameter,
  defineOperation,
  type Operation,
  replyOf,
  roundParameter,
} from '@secagg/http';
import { roundKey } from '@secagg/protocol';
import { SecaggError, transcriptMessage } from '@secagg/schema';
import { type Engine } from '../engine';
import { recordedStatus } from '../rounds/round-status';
import { type SharedTranscripts } from '../rounds/shared-transcripts';

export const getTranscript = ({ journal, store }: Engine, transcripts: SharedTranscripts): Operation =>
  defineOperation({
    id: 'get-transcript',
    method: 'get',
    path: '/v1/clusters/:cluster/rounds/:round/transcript',
    params: { cluster: clusterParameter, round: roundParameter },
    summary: 'The published record of a round that was opened or aborted',
    replies: {
      200: replyOf(cbor(transcriptMessage), 'The record'),
      404: 'no such round, or its transcript is not kept any more',
      409: 'the round is not decided',
    },
    async handle(call) {
      const cluster = call.params.cluster;
      const round = call.params.round;
      const key = roundKey(cluster, round);
      const body = await transcripts.transcript(key);
      if (body) return bytesReply(body);
      const phase = journal.state.rounds.get(key)?.phase ?? (await recordedStatus(store, cluster, round)).phase;
      if (phase === 'published' || phase === 'aborted')
        throw new SecaggError('not_found', 'the transcript is not kept any more', { round });
      throw new SecaggError('no_decision', `the round is ${phase}`, { round });
    },
  });
