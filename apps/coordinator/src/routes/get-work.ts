import {
  bytesReply,
  cbor,
  defineOperation,
  flagParameter,
  noContent,
  type Operation,
  partyParameter,
  replyOf,
  waitParameter,
} from '@secagg/http';
import { createHash } from 'node:crypto';
import { workFor } from '@secagg/protocol';
import { workMessage } from '@secagg/schema';
import { z } from 'zod';
import { poll } from '../changes';
import { type Engine } from '../engine';

/** Everything inside is public or sealed, and work is only offered: so nobody has to prove who asks. */
export const getWork = ({ journal, context, changes, now }: Engine): Operation =>
  defineOperation({
    id: 'get-work',
    method: 'get',
    path: '/v1/committee/work',
    summary: 'What the coordinator waits for from one committee member; waits for something new',
    query: {
      member: partyParameter.describe('id of the member'),
      seen: z.string().optional().describe('SHA-256 (hex) of the last body that was handled'),
      abort_requests: flagParameter.describe('with signed requests to abort a round; older members know of none'),
      wait_ms: waitParameter(25_000),
    },
    waits: 'member',
    replies: { 200: replyOf(cbor(workMessage), 'What it waits for'), 204: 'nothing new within the wait' },
    async handle(call) {
      const { member, seen, abort_requests: signedAborts, wait_ms: waitMs } = call.query;
      const look = () => {
        const work = workFor(journal.state, context, member, now(), signedAborts);
        const body = workMessage.encode(work);
        return { body, hash: createHash('sha256').update(body).digest('hex'), isEmpty: work.items.length === 0 };
      };
      const first = look();
      const found = await poll(changes, waitMs, call.signal, () => {
        const current = look();
        const isNews = current.hash !== first.hash || !current.isEmpty;
        return isNews && current.hash !== seen ? current : undefined;
      });
      return found ? bytesReply(found.body) : noContent;
    },
  });
