import { defineOperation, noContent, type Operation, readMessage, signedCbor, signedLimit } from '@secagg/http';
import { learnOfAnnouncement } from '@secagg/protocol';
import { roundConfigMessage, signedMessage } from '@secagg/schema';
import { type Engine } from '../engine';

export const postAnnouncement = ({ journal, context, now }: Engine): Operation =>
  defineOperation({
    id: 'post-announcement',
    method: 'post',
    path: '/v1/announcements',
    summary:
      'Reminds the coordinator of a round that it has announced and knows nothing of: its state was rolled back then',
    request: [signedCbor(roundConfigMessage)],
    replies: { 204: 'noted, or known already' },
    async handle(call) {
      const announcement = await readMessage(call, signedMessage, signedLimit(roundConfigMessage));
      await journal.commitIfDue((state) => learnOfAnnouncement(state, context, announcement, now()));
      return noContent;
    },
  });
