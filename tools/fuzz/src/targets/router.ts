/** What a router is shown by a coordinator that signs whatever it likes. */
import { checkRound, receiveQuarantine, receiveReceipt, settleAborted, settlePublished } from '@secagg/protocol';
import {
  type Bytes,
  decisionMessage,
  openRoundMessage,
  quarantineMessage,
  receiptMessage,
  roundConfigMessage,
  SecaggError,
  signedMessage,
  transcriptMessage,
} from '@secagg/schema';
import { mutateMessage } from '../mutate/message';
import { envelope, messagesOf, now, type World } from '../world';
import { CRUDE, type Make, plain, signed } from './inputs';
import { type Target } from './target';
import { transcripts } from './transcripts';

export function routerTargets(world: World): Target[] {
  const { fleet, rounds } = world;
  const key = fleet.coordinator.context.identity.secretKey;
  // The last router has answered nothing yet, the third one everything.
  const [fresh, busy] = [fleet.routers[fleet.routers.length - 1], fleet.routers[2]];
  const target = (name: string, router: typeof fresh, make: Make, run: (input: Bytes) => void, weight = 4): Target => ({
    name,
    weight,
    make,
    run,
    state: () => router.state,
  });
  return [
    target(
      'checkRound',
      fresh,
      openRounds(world, key),
      (input) => checkRound(fresh.state, fresh, openRoundMessage.decode(input), now),
      8,
    ),
    target(
      'receiveReceipt',
      busy,
      signed(world, receiptMessage, () => key, rounds.collecting),
      (input) => receiveReceipt(busy.state, busy, rounds.collecting, signedMessage.decode(input)),
    ),
    target(
      'receiveQuarantine',
      busy,
      signed(world, quarantineMessage, () => key, rounds.collecting),
      (input) => {
        const notice = Buffer.from(input).toString('base64');
        const { events } = receiveQuarantine(busy.state, busy, rounds.collecting, notice);
        // A notice that does not hold is passed over without an error.
        if (events.length === 0) throw new SecaggError('bad_signature', 'no quarantine was noted');
      },
    ),
    target(
      'settlePublished',
      busy,
      transcripts(world),
      (input) => settlePublished(busy.state, rounds.published, transcriptMessage.decode(input), now),
      0.5,
    ),
    target('settleAborted', busy, plain(world, decisionMessage.type), (input) =>
      settleAborted(busy.state, rounds.checking, decisionMessage.decode(input), now),
    ),
  ];
}

export function openRounds(world: World, coordinatorKey: Bytes): Make {
  const seeds = messagesOf(world, openRoundMessage.type);
  const bodies = messagesOf(world, roundConfigMessage.type);
  return (draw) => {
    const seed = draw.pick(seeds);
    if (draw.chance(0.2)) return mutateMessage(seed, draw, seeds, CRUDE);
    const open = openRoundMessage.decode(seed);
    const announcement = envelope(
      roundConfigMessage.type,
      world.fleet.view.fleet,
      mutateMessage(open.announcement.body, draw, bodies, CRUDE),
      coordinatorKey,
    );
    return openRoundMessage.encode({ ...open, announcement });
  };
}
