import { epochCertificateMessage, SecaggError } from '@secagg/schema';
import { type Engine } from '../engine';
import { messageReply, type Operation } from '../http/operation';

export const getCurrentEpoch = ({ journal }: Engine): Operation => ({
  id: 'get-current-epoch',
  method: 'get',
  path: '/v1/epochs/current',
  summary: 'The certificate of the newest complete epoch',
  replies: { 200: 'epoch-certificate', 404: 'no epoch is complete yet' },
  async handle() {
    const { epoch } = journal.state;
    if (!epoch) throw new SecaggError('no_round', 'no epoch is complete yet');
    return messageReply(epochCertificateMessage, epoch.certificate);
  },
});
