/** What a committee member is shown by a coordinator that signs whatever it likes, and by other members. */
import {
  answer,
  askedToAbort,
  checkClosing,
  checkEpochTerms,
  decidedSet,
  openViews,
  roundOf,
  roundToAbort,
  signEpoch,
  takeSeat,
  takeTransfers,
  transferSeeds,
  verifyAnnouncement,
  verifyEpoch,
  voteAbort,
  voteReady,
} from '@secagg/protocol';
import {
  type Bytes,
  abortRequestMessage,
  closingMessage,
  decodeCanonical,
  decisionMessage,
  encodeCanonical,
  epochCertificateMessage,
  epochMessage,
  memberViewsMessage,
  proposalMessage,
  roundConfigMessage,
  type Signed,
  signedMessage,
  transferMessage,
  type WorkItem,
  workMessage,
} from '@secagg/schema';
import { mutateMessage } from '../mutate/message';
import { now, transferFor, type World } from '../world';
import { CRUDE, type Make, plain, signed } from './inputs';
import { type Target } from './target';

const MEMBER = 3;

export function memberTargets(world: World): Target[] {
  const { fleet, rounds } = world;
  const { coordinator, view } = fleet;
  const member = world.memberOf(MEMBER);
  const { state } = member;
  const coordinatorKey = coordinator.context.identity.secretKey;
  const round = (key: string) => roundOf(coordinator.state, key).verified;
  const { epoch } = round(rounds.published);
  const later = now + 1000;
  const target = (name: string, make: Make, run: (input: Bytes) => void, weight = 3): Target => ({
    name,
    weight,
    make,
    run,
    state: () => state,
  });

  // Votes are cast by a member that has not voted in the round, or it would only repeat itself.
  const unvoted = {
    ...state,
    rounds: new Map([...state.rounds].filter(([key]) => key !== rounds.voting && key !== rounds.aborting)),
  };
  const voting = world.opened(rounds.voting, MEMBER);
  const answering = world.opened(rounds.answering, MEMBER);
  const helper = world.opened(rounds.answering, 0);
  const decision = roundOf(coordinator.state, rounds.answering).decision;
  const proposal = roundOf(coordinator.state, rounds.answering).proposal?.signed as Signed;
  if (!decision) throw new Error('the round is not decided');
  const decided = decidedSet(helper, proposal, decisionMessage.encode(decision.decision));
  const kemSecret = state.seats.get(epoch.body.epoch)?.secrets?.kemSecret as Bytes;
  const passed = signedMessage.encode(transferFor(world, 0, MEMBER));

  return [
    target(
      'verifyAnnouncement',
      signed(world, roundConfigMessage, () => coordinatorKey),
      (input) => verifyAnnouncement(view, epoch, signedMessage.decode(input)),
      6,
    ),
    target(
      'roundToAbort',
      signed(world, roundConfigMessage, () => coordinatorKey),
      (input) => {
        const aborted = roundToAbort(view, epoch, signedMessage.decode(input), later);
        voteAbort(unvoted, aborted, answering.member, 'policy');
      },
    ),
    target(
      'askedToAbort',
      signed(world, abortRequestMessage, () => coordinatorKey, rounds.aborting),
      (input) => askedToAbort(round(rounds.aborting), { request: signedMessage.decode(input) }, later),
    ),
    target('verifyEpoch', plain(world, epochCertificateMessage.type), (input) =>
      verifyEpoch(view, epochCertificateMessage.decode(input), later),
    ),
    target('checkEpochTerms', plain(world, epochMessage.type), (input) =>
      checkEpochTerms(view, epochMessage.decode(input), later),
    ),
    target('signEpoch', plain(world, epochMessage.type), (input) => signEpoch(state, member, input, later)),
    target(
      'takeSeat and other work',
      plain(world, workMessage.type),
      (input) => handleItems(workMessage.decode(input).items),
      3,
    ),
    target(
      'openViews',
      plain(world, memberViewsMessage.type, rounds.checking),
      (input) => openViews(round(rounds.checking), answering.member, kemSecret, memberViewsMessage.decode(input).views),
      3,
    ),
    target(
      'checkClosing',
      signed(world, closingMessage, () => coordinatorKey, rounds.voting),
      (input) => checkClosing(voting, signedMessage.decode(input)),
    ),
    target(
      'voteReady',
      signed(world, proposalMessage, () => coordinatorKey, rounds.voting),
      (input) => voteReady(unvoted, voting, signedMessage.decode(input)),
    ),
    target('decidedSet', plain(world, decisionMessage.type, rounds.answering), (input) =>
      decidedSet(helper, proposal, input),
    ),
    target('takeTransfers', transferInputs(world, passed), (input) => {
      // Its caller's round is what it adds to; here every input meets the round as it was.
      takeTransfers(state, { ...answering, seeds: [...answering.seeds] }, decided.decision, [
        signedMessage.decode(input),
      ]);
    }),
    target(
      'transferSeeds and answer',
      needs(),
      (input) => {
        const { to, routers, wanted } = decodeCanonical(input) as { to: never; routers: never[]; wanted: never[] };
        answer(state, helper, decided, wanted);
        transferSeeds(world.memberOf(0).state, helper, decided, { to, routers }, world.random);
      },
      1,
    ),
  ];

  function handleItems(items: readonly WorkItem[]): void {
    for (const item of items) if (item.kind === 'seat') takeSeat(state, member, item, world.random, later);
  }
}

function transferInputs(world: World, valid: Bytes): Make {
  const resigned = signed(
    world,
    transferMessage,
    (body) => world.voteSecrets[transferMessage.decode(body).from],
    world.rounds.answering,
  );
  return (draw) => (draw.chance(0.3) ? mutateMessage(valid, draw, [], CRUDE) : resigned(draw));
}

/** What work items may ask for, within what their decoder lets through. */
function needs(): Make {
  return (draw) =>
    encodeCanonical({
      to: draw.below(30),
      routers: Array.from({ length: 1 + draw.below(4) }, () =>
        draw.pick(['router-0', 'router-1', 'nobody', 'constructor']),
      ),
      wanted: Array.from({ length: draw.below(6) }, () => ({
        group: draw.pick([0, 1, 1023]),
        piece: draw.pick([1, 2, 4, 8, 15, 2 ** 30 - 1]),
      })),
    });
}
