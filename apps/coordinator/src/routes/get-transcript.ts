import { roundKey } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { type Engine } from '../engine';
import { CBOR_TYPE, type Operation } from '../http/operation';
import { clusterOf, roundOf } from '../http/parameters';
import { recordedStatus } from '../rounds/round-status';
import { type SharedTranscripts } from '../rounds/shared-transcripts';

export const getTranscript = ({ journal, store }: Engine, transcripts: SharedTranscripts): Operation => ({
  id: 'get-transcript',
  method: 'get',
  path: '/v1/clusters/:cluster/rounds/:round/transcript',
  summary: 'The published record of a round that was opened or aborted',
  replies: {
    200: 'transcript',
    404: 'no such round, or its transcript is not kept any more',
    409: 'the round is not decided',
  },
  async handle(call) {
    const cluster = clusterOf(call);
    const round = roundOf(call);
    const key = roundKey(cluster, round);
    const body = await transcripts.transcript(key);
    if (body) return { status: 200, type: CBOR_TYPE, body };
    const phase = journal.state.rounds.get(key)?.phase ?? (await recordedStatus(store, cluster, round)).phase;
    if (phase === 'published' || phase === 'aborted')
      throw new SecaggError('not_found', 'the transcript is not kept any more', { round });
    throw new SecaggError('no_decision', `the round is ${phase}`, { round });
  },
});
