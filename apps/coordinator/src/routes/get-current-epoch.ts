import { cbor, defineOperation, messageReply, type Operation, replyOf } from '@secagg/http';
import { epochInForce } from '@secagg/protocol';
import { epochCertificateMessage, SecaggError } from '@secagg/schema';
import { type Engine } from '../engine';

export const getCurrentEpoch = ({ journal, now }: Engine): Operation =>
  defineOperation({
    id: 'get-current-epoch',
    method: 'get',
    path: '/v1/epochs/current',
    summary: 'The certificate of the epoch in force',
    replies: { 200: replyOf(cbor(epochCertificateMessage), 'The certificate'), 404: 'no epoch is in force' },
    async handle() {
      const epoch = epochInForce(journal.state, now());
      if (!epoch) throw new SecaggError('no_round', 'no epoch is in force');
      return messageReply(epochCertificateMessage, epoch.certificate);
    },
  });
