import { defineOperation, noContent, type Operation, readMessage, signedCbor, signedLimit } from '@secagg/http';
import { receiveSeat } from '@secagg/protocol';
import { seatMessage, signedMessage } from '@secagg/schema';
import { type Engine } from '../engine';

export const postSeat = ({ journal, now }: Engine): Operation =>
  defineOperation({
    id: 'post-seat',
    method: 'post',
    path: '/v1/committee/seats',
    summary: 'A candidate takes a seat in the epoch that is being set up',
    request: [signedCbor(seatMessage)],
    urgent: true,
    replies: { 204: 'taken, or not needed any more' },
    async handle(call) {
      const seat = await readMessage(call, signedMessage, signedLimit(seatMessage));
      await journal.commit((state) => receiveSeat(state, seat, now()));
      return noContent;
    },
  });
