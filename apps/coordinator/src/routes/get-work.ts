import { createHash } from 'node:crypto';
import { workFor } from '@secagg/protocol';
import { workMessage } from '@secagg/schema';
import { poll } from '../changes';
import { type Engine } from '../engine';
import { CBOR_TYPE, noContent, type Operation } from '../http/operation';
import { partyOf, waitOf } from '../http/parameters';

/** Everything inside is public or sealed, and work is only offered: so nobody has to prove who asks. */
export const getWork = ({ journal, context, changes, now }: Engine): Operation => ({
  id: 'get-work',
  method: 'get',
  path: '/v1/committee/work',
  summary: 'What the coordinator waits for from one committee member; waits for something new',
  query: {
    member: 'id of the member',
    seen: 'SHA-256 (hex) of the last body that was handled',
    wait_ms: 'longest wait, by default 25000',
  },
  waits: 'member',
  replies: { 200: 'work', 204: 'nothing new within the wait' },
  async handle(call) {
    const member = partyOf(call, 'member');
    const seen = call.query.get('seen');
    const look = () => {
      const work = workFor(journal.state, context, member, now());
      const body = workMessage.encode(work);
      return { body, hash: createHash('sha256').update(body).digest('hex'), isEmpty: work.items.length === 0 };
    };
    const first = look();
    const found = await poll(changes, waitOf(call, 25_000), call.signal, () => {
      const current = look();
      const isNews = current.hash !== first.hash || !current.isEmpty;
      return isNews && current.hash !== seen ? current : undefined;
    });
    return found ? { status: 200, type: CBOR_TYPE, body: found.body } : noContent;
  },
});
