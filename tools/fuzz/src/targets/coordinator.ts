/** The coordinator's functions that take a message, each with the round in the phase that wants it. */
import {
  receiveAnswer,
  receiveContribution,
  receiveEpochSignature,
  receiveReport,
  receiveSeat,
  receiveTransfer,
  receiveVote,
  takeFreshness,
  updateFleet,
} from '@secagg/protocol';
import {
  answerBodyMessage,
  answerMessage,
  type Bytes,
  epochSignatureMessage,
  fleetDocumentsMessage,
  freshnessMessage,
  freshnessProofMessage,
  policyMessage,
  reportMessage,
  rosterMessage,
  seatMessage,
  signedMessage,
  transferMessage,
  voteBodyMessage,
  voteMessage,
} from '@secagg/schema';
import { mutateMessage } from '../mutate/message';
import { envelope, messagesOf, now, type World } from '../world';
import { contributions, CRUDE, type Make, plain, signed } from './inputs';
import { type Target } from './target';

export function coordinatorTargets(world: World): Target[] {
  const { fleet, rounds, voteSecrets } = world;
  const { coordinator, authority } = fleet;
  const { state, context } = coordinator;
  const ofMember = (index: number | undefined) => voteSecrets[index ?? 0] ?? voteSecrets[0];
  const identities = new Map(fleet.routers.map(({ identity }) => [identity.id as string, identity.secretKey]));
  const target = (name: string, make: Make, run: (input: Bytes) => void, weight = 4): Target => ({
    name,
    weight,
    make,
    run,
    state: () => state,
  });
  const later = now + 1000;
  return [
    target(
      'receiveContribution',
      contributions(world),
      (input) => receiveContribution(state, context, rounds.collecting, input),
      8,
    ),
    target(
      'receiveReport',
      signed(world, reportMessage, (body) => ofMember(reportMessage.decode(body).member), rounds.checking),
      (input) => receiveReport(state, rounds.checking, signedMessage.decode(input)),
    ),
    target('receiveVote', votes(world, rounds.voting), (input) =>
      receiveVote(state, rounds.voting, voteMessage.decode(input), later),
    ),
    target('receiveVote (abort)', votes(world, rounds.aborting), (input) =>
      receiveVote(state, rounds.aborting, voteMessage.decode(input), later),
    ),
    target(
      'receiveTransfer',
      signed(world, transferMessage, (body) => ofMember(transferMessage.decode(body).from), rounds.answering),
      (input) => receiveTransfer(state, rounds.answering, signedMessage.decode(input)),
    ),
    target('receiveAnswer', answers(world), (input) => receiveAnswer(state, rounds.answering, input, later)),
    target(
      'receiveSeat',
      signed(world, seatMessage, (body) => identities.get(seatMessage.decode(body).member) as Bytes),
      (input) => receiveSeat(state, signedMessage.decode(input), later),
    ),
    target('receiveEpochSignature', plain(world, epochSignatureMessage.type), (input) =>
      receiveEpochSignature(state, epochSignatureMessage.decode(input), later),
    ),
    target('updateFleet', fleetDocuments(world, authority.secretKey), (input) =>
      updateFleet(state.view, fleetDocumentsMessage.decode(input)),
    ),
    target('takeFreshness', statements(world, authority.secretKey), (input) =>
      takeFreshness(state, freshnessProofMessage.decode(input), later),
    ),
  ];
}

function votes(world: World, key: string): Make {
  const { fleet, voteSecrets } = world;
  const seeds = messagesOf(world, voteMessage.type, key);
  const bodies = messagesOf(world, voteBodyMessage.type);
  return (draw) => {
    const seed = draw.pick(seeds);
    if (draw.chance(0.2)) return mutateMessage(seed, draw, seeds, CRUDE);
    const { body, member } = voteMessage.decode(seed);
    const changed = mutateMessage(body, draw, bodies, CRUDE);
    return voteMessage.encode({
      ...envelope(voteBodyMessage.type, fleet.view.fleet, changed.subarray(0, 100_000), voteSecrets[member]),
      member,
    });
  };
}

function answers(world: World): Make {
  const seeds = messagesOf(world, answerBodyMessage.type, world.rounds.answering);
  const bodies = messagesOf(world, answerMessage.type);
  return (draw) => {
    const seed = draw.pick(seeds);
    if (draw.chance(0.4)) return mutateMessage(seed, draw, seeds, CRUDE);
    const { answer, pieces } = answerBodyMessage.decode(seed);
    const key = world.voteSecrets[answerMessage.decode(answer.body).member];
    return answerBodyMessage.encode({
      answer: envelope(
        answerMessage.type,
        world.fleet.view.fleet,
        mutateMessage(answer.body, draw, bodies, CRUDE),
        key,
      ),
      pieces,
    });
  };
}

/** Signed by the authority itself: the fleet must survive its own operator's slips too. */
function fleetDocuments(world: World, authorityKey: Bytes): Make {
  const seeds = messagesOf(world, fleetDocumentsMessage.type);
  const policies = messagesOf(world, policyMessage.type);
  const { fleet, documents } = world.fleet.view;
  return (draw) => {
    if (draw.chance(0.2)) return mutateMessage(draw.pick(seeds), draw, policies, CRUDE);
    const part = draw.chance(0.5) ? 'policy' : 'roster';
    const type = part === 'policy' ? policyMessage.type : rosterMessage.type;
    return fleetDocumentsMessage.encode({
      ...documents,
      [part]: envelope(type, fleet, mutateMessage(documents[part].body, draw, policies, CRUDE), authorityKey),
    });
  };
}

/** The same of statements that they are current. */
function statements(world: World, authorityKey: Bytes): Make {
  const seeds = messagesOf(world, freshnessProofMessage.type);
  const bodies = messagesOf(world, freshnessMessage.type);
  const { fleet } = world.fleet.view;
  return (draw) => {
    const seed = draw.pick(seeds);
    if (draw.chance(0.3)) return mutateMessage(seed, draw, seeds, CRUDE);
    const body = mutateMessage(draw.pick(bodies), draw, bodies, CRUDE);
    return freshnessProofMessage.encode({ statement: envelope(freshnessMessage.type, fleet, body, authorityKey) });
  };
}
