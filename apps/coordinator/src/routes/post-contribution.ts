import {
  cbor,
  clusterParameter,
  defineOperation,
  messageReply,
  type Operation,
  replyOf,
  roundParameter,
  signedCbor,
} from '@secagg/http';
import { checkContribution, receiveContribution, roundKey } from '@secagg/protocol';
import { signedMessage, contributionMessage, receiptMessage } from '@secagg/schema';
import { type Engine } from '../engine';
import { claimedRouter } from '../rounds/claimed-router';
import { largestContribution } from '../rounds/contribution-size';
import { knownRound, liveRound } from '../rounds/round-status';

export interface ContributionObserver {
  accepted(cluster: string, seconds: number): void;
  /** It was refused after `seconds` of checking; the refusal itself is counted with all others. */
  checked(seconds: number): void;
}

/** The hot path: one body, read once, checked, stored as it came, and a receipt when it is durable. */
export const postContribution = ({ journal, intake, context }: Engine, observer: ContributionObserver): Operation =>
  defineOperation({
    id: 'post-contribution',
    method: 'post',
    path: '/v1/clusters/:cluster/rounds/:round/contributions',
    params: { cluster: clusterParameter, round: roundParameter },
    summary: "A router's contribution; the identical bytes again get the same receipt",
    request: [cbor(contributionMessage)],
    bulk: true,
    asIs: true,
    replies: {
      201: replyOf(signedCbor(receiptMessage), 'The receipt'),
      200: replyOf(signedCbor(receiptMessage), 'The receipt; the contribution was held already'),
    },
    async handle(call) {
      let begun: number | undefined;
      /** Of checking alone: a database may keep the decision waiting. */
      let seconds: number | undefined;
      const since = (start: number) => (performance.now() - start) / 1000;
      try {
        const cluster = call.params.cluster;
        const number = call.params.round;
        const { verified: round } = await knownRound(journal, cluster, number);
        const body = await call.body(largestContribution(round));
        begun = performance.now();
        const router = claimedRouter(body);
        if (router !== undefined) call.countRouter(router);
        // Signatures take time: they are checked here, so that the next decision need not wait for them.
        const { view } = journal.state;
        const checked = checkContribution(view, round, body);
        const checkSeconds = since(begun);
        seconds = checkSeconds;
        const { receipt, isNew } = await intake.take({
          key: roundKey(cluster, number),
          bytes: body,
          contribution: checked,
          receive: (state, elsewhere) => {
            const start = performance.now();
            // The round has just been released, so it ended long ago.
            const { verified: current } = liveRound(state, cluster, number);
            const contribution = state.view === view ? checked : checkContribution(state.view, current, body);
            const step = receiveContribution(state, context, roundKey(cluster, number), body, contribution, elsewhere);
            seconds = checkSeconds + since(start);
            return step;
          },
        });
        if (isNew) observer.accepted(cluster, seconds);
        return messageReply(signedMessage, receipt, isNew ? 201 : 200);
      } catch (error) {
        if (begun !== undefined) observer.checked(seconds ?? since(begun));
        throw error;
      }
    },
  });
