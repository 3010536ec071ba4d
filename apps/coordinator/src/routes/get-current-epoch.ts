import { cbor, defineOperation, messageReply, type Operation, replyOf } from '@secagg/http';
import { epochCertificateMessage, SecaggError } from '@secagg/schema';
import { type Engine } from '../engine';

export const getCurrentEpoch = ({ journal }: Engine): Operation =>
  defineOperation({
    id: 'get-current-epoch',
    method: 'get',
    path: '/v1/epochs/current',
    summary: 'The certificate of the newest complete epoch',
    replies: { 200: replyOf(cbor(epochCertificateMessage), 'The certificate'), 404: 'no epoch is complete yet' },
    async handle() {
      const { epoch } = journal.state;
      if (!epoch) throw new SecaggError('no_round', 'no epoch is complete yet');
      return messageReply(epochCertificateMessage, epoch.certificate);
    },
  });
