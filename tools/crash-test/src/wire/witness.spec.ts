import { receiptMessage, type Signed, signedMessage, voteMessage } from '@secagg/schema';
import { Witness } from './witness';

const digest = new Uint8Array(32).fill(1);
const path = `/v1/clusters/${'ab'.repeat(16)}/rounds/7`;
const vote = (kind: number) =>
  Buffer.from(voteMessage.encode({ body: new Uint8Array([kind]), member: 1 as never, signature: new Uint8Array(64) }));

describe('the witness', () => {
  let problems: string[];
  let witness: Witness;
  beforeEach(() => {
    problems = [];
    witness = new Witness((problem) => problems.push(problem));
  });

  it('takes the same thing said again for the same', () => {
    for (let i = 0; i < 2; i++) witness.asked({ method: 'POST', path: `${path}/votes`, body: vote(1) });
    expect(problems).toEqual([]);
  });

  it('finds a second vote of one member in one round, and takes other rounds for others', () => {
    witness.asked({ method: 'POST', path: `${path}/votes`, body: vote(1) });
    witness.asked({ method: 'POST', path: `${path}1/votes`, body: vote(2) });
    expect(problems).toEqual([]);
    witness.asked({ method: 'POST', path: `${path}/votes`, body: vote(2) });
    expect(problems).toEqual(['there are two different versions of the vote of member 1 in round 7']);
  });

  it('remembers only receipts that were given', () => {
    const receipt = (router: string): Buffer => {
      const body = receiptMessage.encode({
        v: 1,
        fleet: 'f',
        cluster: 'ab'.repeat(16) as never,
        round: 7 as never,
        config_hash: digest,
        router: router as never,
        coordinator: 'c' as never,
        header_hash: digest,
      });
      const signed: Signed = { body, signature: new Uint8Array(64) };
      return Buffer.from(signedMessage.encode(signed));
    };
    const exchange = { method: 'POST', path: `${path}/contributions`, body: Buffer.alloc(0) };
    witness.answered(exchange, { status: 201, body: receipt('router-0') });
    witness.answered(exchange, { status: 409, body: Buffer.from('{}') });
    expect([...witness.receipts.values()]).toEqual([
      { round: 7, router: 'router-0', headerHash: Buffer.from(digest).toString('hex') },
    ]);
  });
});
