/** The helper thread: plays half of the routers and of the committee. */
import { LocalMember, LocalRouter, verifyFleet } from '@secagg/protocol';
import { type PartyId } from '@secagg/schema';
import { uniform } from '@secagg/testbed/random';
import { Contributor } from '../contributor';
import { CpuMeter } from '../meter';
import { UnsafeRecorder } from '../randomness';
import { Channel } from './channel';
import { type CommitteeCall, type FromHelper, type HelperData, type ToHelper } from './messages';
import { threadClock } from './thread-clock';

export function runHelper(data: HelperData): void {
  const channel = new Channel<FromHelper, ToHelper>(data.channel);
  try {
    play(data, channel);
  } catch (error) {
    // The main thread does not return to its event loop, so it would not hear of it otherwise.
    channel.post({ kind: 'failed', problem: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

function play(data: HelperData, channel: Channel<FromHelper, ToHelper>): void {
  const meter = new CpuMeter(threadClock());
  const recorder = new UnsafeRecorder(data.seed);
  const next = uniform(data.trafficSeed);
  const view = verifyFleet(data.authorityKey, data.documents);
  const identityOf = ({ id, secretKey }: HelperData['routers'][number]) => ({ id: id as PartyId, secretKey });
  const routers = new Map(
    data.routers.map((party) => [party.id, new LocalRouter(view, identityOf(party), data.limits, recorder.random)]),
  );
  const members = new Map(
    data.members.map(({ index, party, seats }) => {
      const member = new LocalMember(view, identityOf(party), recorder.random);
      for (const [epoch, seat] of seats) member.state.seats.set(epoch, seat);
      return [index, member];
    }),
  );
  for (;;) {
    const message = channel.take();
    if (message.kind === 'contribute') contribute(message);
    else if (message.kind === 'work') work(message);
    else if (message.kind === 'forget') forget(message.key);
    else if (message.kind === 'end') return;
    else throw new Error('a receipt that nobody waits for');
  }

  function routerOf(id: string): LocalRouter {
    const router = routers.get(id);
    if (!router) throw new Error(`${id} is not played here`);
    return router;
  }

  function contribute({ key, open, routers: ids, nowMs }: Extract<ToHelper, { kind: 'contribute' }>): void {
    meter.reset();
    const contributor = new Contributor(
      open,
      { meter, recorder, requestsPerRouter: data.requestsPerRouter, next },
      nowMs,
    );
    let waiting = 0;
    const accept = (message: ToHelper): void => {
      if (message.kind !== 'receipt') throw new Error('nothing but receipts is expected now');
      meter.run('router', () => routerOf(message.router).keepReceipt(key, message.receipt));
      routerOf(message.router).forget(key);
      waiting--;
    };
    for (const id of ids) {
      channel.post({ kind: 'contribution', router: id, bytes: contributor.build(routerOf(id)) });
      waiting++;
      for (let message = channel.poll(); message; message = channel.poll()) accept(message);
    }
    while (waiting > 0) accept(channel.take());
    channel.post({
      kind: 'contributed',
      sums: contributor.expected.sums(),
      cpuMs: { router: meter.ms('router'), build: meter.ms('build') },
    });
  }

  function work({ member: index, work: bytes, views, nowMs }: Extract<ToHelper, { kind: 'work' }>): void {
    const member = members.get(index);
    if (!member) throw new Error(`member ${index} is not played here`);
    const calls: CommitteeCall[] = [];
    const shown = () => {
      if (!views) throw new Error('the contributions were not sent along');
      return views;
    };
    meter.reset();
    meter.run('auditor', () =>
      member.work(
        {
          work: () => bytes,
          views: shown,
          takeSeat: (...args) => void calls.push({ method: 'takeSeat', args }),
          takeEpochSignature: (...args) => void calls.push({ method: 'takeEpochSignature', args }),
          takeReport: (...args) => void calls.push({ method: 'takeReport', args }),
          takeVote: (...args) => void calls.push({ method: 'takeVote', args }),
          takeTransfer: (...args) => void calls.push({ method: 'takeTransfer', args }),
          takeAnswer: (...args) => void calls.push({ method: 'takeAnswer', args }),
        },
        nowMs,
      ),
    );
    channel.post({ kind: 'worked', calls, cpuMs: meter.ms('auditor') });
  }

  function forget(key: string): void {
    for (const member of members.values()) member.forget(key);
  }
}
