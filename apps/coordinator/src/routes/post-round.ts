import {
  cbor,
  clusterParameter,
  defineOperation,
  messageReply,
  type Operation,
  readMessage,
  replyOf,
  signedCbor,
  signedLimit,
} from '@secagg/http';
import { openRoundMessage, operatorRequestMessage, SecaggError, signedMessage } from '@secagg/schema';
import { type Engine } from '../engine';
import { type OperatorRequests } from '../operators/operator-requests';
import { type ClusterPlan, planOf, startRound, withOverrides } from '../rounds/start-round';

export const postRound = (
  engine: Engine,
  operators: OperatorRequests,
  plans: ReadonlyMap<string, ClusterPlan>,
): Operation =>
  defineOperation({
    id: 'post-round',
    method: 'post',
    path: '/v1/clusters/:cluster/rounds',
    params: { cluster: clusterParameter },
    summary:
      'Starts a round of the cluster now, by its configured plan with the overrides of the request; a second open one only when the request says `force`',
    request: [signedCbor(operatorRequestMessage)],
    urgent: true,
    replies: { 201: replyOf(cbor(openRoundMessage), 'The round') },
    async handle(call) {
      const cluster = call.params.cluster;
      const signed = await readMessage(call, signedMessage, signedLimit(operatorRequestMessage));
      const { request, use } = operators.verify(engine.journal.state, signed, 'start-round', engine.now());
      if (request.cluster !== cluster)
        throw new SecaggError('invalid', 'the request is for another cluster', {
          path: 'cluster',
          party: request.operator,
        });
      const plan = withOverrides(planOf(plans, cluster), request.overrides ?? {});
      return messageReply(openRoundMessage, await startRound(engine, plan, use, request.force === true), 201);
    },
  });
