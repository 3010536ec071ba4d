/** Answering a decision: keystream sums of exactly the decided set, and seeds for holders whose boxes failed (docs/protocol.md, "Answering"). */
import {
  domainMessage,
  holds,
  matchesCommitment,
  type SealingOpener,
  sealingSuite,
  SEED_BYTES,
  wipe,
  WordSum,
} from '@secagg/crypto';
import {
  type Answer,
  type AnswerBody,
  answerMessage,
  type Bytes,
  decisionMessage,
  type MemberIndex,
  type PartyId,
  type PieceSum,
  type RandomBytes,
  type SealedBox,
  SecaggError,
  type SeedTransfer,
  type Signed,
  type SubsetMask,
  transferMessage,
} from '@secagg/schema';
import { ensure, refuse } from '../checks/check';
import { openDocument, signDocument } from '../wire/documents';
import { sameBytes } from '../wire/bytes';
import { checkInRound, type ContributionSet, type DecidedGroup } from '../round/contribution-set';
import { type VerifiedDecision, verifyDecision } from '../round/decision';
import { inRound, roundKey, type VerifiedRound } from '../round/verified-round';
import { pieceHash, pieceKey } from '../wire/pieces';
import { commitmentContext, sealingInfo } from '../wire/bindings';
import { type Step } from '../role';
import { type OpenedViews } from './check-views';
import { type MemberEvent, type MemberState } from './state';
import { setOfProposal, voteSecret } from './vote';

/** Verifies that a quorum decided to open exactly the set that follows from the proposal. Throws `no_decision`. */
export function decidedSet(
  opened: OpenedViews,
  proposal: Signed,
  decisionBytes: Bytes,
): { set: ContributionSet; decision: VerifiedDecision } {
  const decision = verifyDecision(opened.round, decisionMessage.decode(decisionBytes));
  const { body } = decision;
  const { round: number } = opened.round.config;
  if (body.kind !== 'ready') refuse('decision.kind', 'no_decision', 'the round was aborted', { round: number });
  const { set, body: expected } = setOfProposal(opened, proposal);
  const same =
    expected.kind === 'ready' &&
    expected.groups.length === body.groups.length &&
    sameBytes(expected.reports_hash, body.reports_hash) &&
    expected.groups.every(
      (group, i) =>
        group.group === body.groups[i].group &&
        group.size === body.groups[i].size &&
        sameBytes(group.set_root, body.groups[i].set_root),
    );
  ensure('decision.set', same, 'no_decision', 'the decision is about another set', { round: number });
  return { set, decision };
}

/**
 * The answer: signed hashes of the keystream sums of every group and piece this member holds, and the sums it is asked for.
 * Deterministic, so it may be computed and sent any number of times. Throws `recovery_failed` naming the routers whose seeds this member
 * still lacks, and `already_voted` for a second decision of the round: with more than t-1 members against it, the first is all that is opened.
 */
export function answer(
  state: MemberState,
  opened: OpenedViews,
  decided: { set: ContributionSet; decision: VerifiedDecision },
  wanted: readonly { group: number; piece: SubsetMask }[],
): Step<MemberEvent, AnswerBody> {
  const { round, member } = opened;
  const key = roundKey(round.config.cluster, round.config.round);
  const before = state.rounds.get(key)?.answered;
  const one = before === undefined || sameBytes(before, decided.decision.hash);
  ensure('answer.one_decision', one, 'already_voted', 'another decision of the round was answered', {
    round: round.config.round,
  });
  const index = new Map(opened.headers.map((entry, i) => [entry.header.router, i]));
  const asked = new Set(wanted.map(({ group, piece }) => pieceKey(group, piece)));
  const held = round.epoch.pieces.filter((piece) => holds(member, piece));
  const hashes: Answer['hashes'] = [];
  const pieces: PieceSum[] = [];
  for (const group of decided.set.groups) {
    for (const [piece, words] of keystreamSums(opened, group, index, held)) {
      hashes.push({
        group: group.group,
        piece,
        hash: pieceHash(round, decided.decision.hash, group.group, piece, words),
      });
      if (asked.has(pieceKey(group.group, piece))) pieces.push({ group: group.group, piece, words });
    }
  }
  const body: Answer = { ...inRound(round), member, decision_hash: decided.decision.hash, hashes };
  const signed = signDocument(answerMessage, round.config.fleet, body, voteSecret(state, round));
  return {
    events: [{ type: 'answered', key, epoch: round.config.epoch, decision: decided.decision.hash }],
    reply: { answer: signed, pieces },
  };
}

function keystreamSums(
  opened: OpenedViews,
  group: DecidedGroup,
  index: ReadonlyMap<PartyId, number>,
  held: readonly SubsetMask[],
): [SubsetMask, Bytes][] {
  const { round } = opened;
  const { keyDimension, keyBits } = round.cipher();
  const sums = held.map(() => new WordSum(keyDimension, keyBits));
  for (const { header } of group.members) {
    const seeds = opened.seeds[index.get(header.router) as number];
    const pad = round.pad(header.router);
    held.forEach((piece, i) => {
      const seed = seeds?.get(piece);
      if (!seed)
        throw new SecaggError('recovery_failed', `the seeds of ${header.router} are missing`, {
          party: header.router,
          round: round.config.round,
        });
      const key = pad.streamKey(piece, seed);
      sums[i].addKeystream(key);
      wipe(key);
    });
  }
  return held.map((piece, i) => {
    const words = sums[i].toPacked();
    sums[i].wipe();
    return [piece, words];
  });
}

const transferAad = (round: VerifiedRound, decision: Bytes, router: PartyId, from: number, to: number): Bytes =>
  domainMessage('transfer', round.epoch.hash, round.configHash, decision, router, from, to);

/** Pieces whose seeds two members share, in increasing order: what one can pass to the other. */
const sharedPieces = (round: VerifiedRound, a: number, b: number): SubsetMask[] =>
  round.epoch.pieces.filter((piece) => holds(a as MemberIndex, piece) && holds(b as MemberIndex, piece));

/** Passes the seeds of decided routers to a holder whose boxes had failed, sealed to its epoch key. */
export function transferSeeds(
  state: MemberState,
  opened: OpenedViews,
  decided: { set: ContributionSet; decision: VerifiedDecision },
  need: { to: MemberIndex; routers: readonly PartyId[] },
  random: RandomBytes,
): Signed {
  const { round, member } = opened;
  const receiver = round.epoch.epoch.members[need.to];
  if (!receiver || need.to === member)
    throw new SecaggError('no_seat', 'there is no such receiver of seeds', { round: round.config.round });
  const inSet = new Set(decided.set.groups.flatMap((group) => group.members.map((entry) => entry.header.router)));
  const index = new Map(opened.headers.map((entry, i) => [entry.header.router, i]));
  const suite = sealingSuite(round.epoch.epoch.sealing_suite);
  const recipient = suite.recipient(receiver.kem_key);
  const shared = sharedPieces(round, member, need.to);
  const boxes = need.routers.flatMap((router): { router: PartyId; box: SealedBox }[] => {
    const seeds = inSet.has(router) ? opened.seeds[index.get(router) as number] : undefined;
    if (!seeds) return [];
    const plaintext = new Uint8Array(SEED_BYTES * shared.length);
    shared.forEach((piece, i) => plaintext.set(seeds.get(piece) as Bytes, SEED_BYTES * i));
    const aad = transferAad(round, decided.decision.hash, router, member, need.to);
    const box = suite.seal(recipient, sealingInfo(round.config.fleet), aad, plaintext, random);
    wipe(plaintext);
    return [{ router, box }];
  });
  if (boxes.length === 0)
    throw new SecaggError('recovery_failed', 'none of the seeds asked for are held here', {
      round: round.config.round,
    });
  const body = { ...inRound(round), decision_hash: decided.decision.hash, from: member, to: need.to, boxes };
  return signDocument(transferMessage, round.config.fleet, body, voteSecret(state, round));
}

/** Takes seeds from other holders, checked against the commitments. Senders of wrong ones are named, the rest is kept. */
export function takeTransfers(
  state: MemberState,
  opened: OpenedViews,
  decision: VerifiedDecision,
  transfers: readonly Signed[],
): { wrong: string[] } {
  const { round, member } = opened;
  const secrets = state.seats.get(round.config.epoch)?.secrets;
  if (!secrets) throw new SecaggError('no_seat', 'the secrets of the epoch are gone');
  const opener = sealingSuite(round.epoch.epoch.sealing_suite).opener(secrets.kemSecret);
  const index = new Map(opened.headers.map((entry, i) => [entry.header.router, i]));
  const collected = new Map<number, Map<SubsetMask, Bytes>>();
  const wrong = new Set<string>();
  for (const signed of transfers) {
    let sender = 'unknown';
    try {
      const transfer = openTransfer(opened, decision, signed);
      sender = round.epoch.epoch.members[transfer.from].id;
      for (const { router, box } of transfer.boxes) {
        const i = index.get(router);
        if (i === undefined || opened.seeds[i]) continue;
        const passed = openPassedSeeds(
          opened,
          opener,
          { ...transfer, decisionHash: decision.hash },
          { router, box, commitments: opened.commitments[i] },
        );
        collected.set(i, new Map([...(collected.get(i) ?? []), ...passed]));
      }
    } catch (error) {
      if (!(error instanceof SecaggError)) throw error;
      wrong.add(sender);
    }
  }
  const needed = round.epoch.pieces.filter((piece) => holds(member, piece)).length;
  for (const [i, seeds] of collected) {
    if (seeds.size === needed) opened.seeds[i] = seeds;
    else wipe(...seeds.values());
  }
  return { wrong: [...wrong] };
}

function openTransfer({ round, member }: OpenedViews, decision: VerifiedDecision, signed: Signed): SeedTransfer {
  const sender = round.epoch.epoch.members[transferMessage.decode(signed.body).from];
  if (!sender) throw new SecaggError('no_seat', 'the transfer is of no member');
  const transfer = openDocument(transferMessage, round.config.fleet, signed, sender.vote_key, sender.id);
  checkInRound(round, transfer, sender.id);
  if (transfer.to !== member || !sameBytes(transfer.decision_hash, decision.hash))
    throw new SecaggError('wrong_config', 'the transfer is for another member or decision');
  return transfer;
}

function openPassedSeeds(
  { round, member }: OpenedViews,
  opener: SealingOpener,
  { from, decisionHash }: { readonly from: MemberIndex; readonly decisionHash: Bytes },
  { router, box, commitments }: { readonly router: PartyId; readonly box: SealedBox; readonly commitments: Bytes },
): Map<SubsetMask, Bytes> {
  const shared = sharedPieces(round, from, member);
  const aad = transferAad(round, decisionHash, router, from, member);
  const plaintext = sealingSuite(round.epoch.epoch.sealing_suite).open(
    opener,
    box.encapsulation,
    sealingInfo(round.config.fleet),
    aad,
    box.ciphertext,
  );
  try {
    if (plaintext.length !== SEED_BYTES * shared.length)
      throw new SecaggError('malformed', 'the transfer has the wrong length');
    const context = commitmentContext(round, router);
    const seedOf = (k: number): Bytes => plaintext.subarray(SEED_BYTES * k, SEED_BYTES * (k + 1));
    const committed = shared.every((piece, k) => matchesCommitment(context, commitments, piece, seedOf(k)));
    ensure('transfer.commitments', committed, 'cannot_open', 'a seed does not match its commitment');
    return new Map(shared.map((piece, k) => [piece, seedOf(k).slice()]));
  } finally {
    wipe(plaintext);
  }
}
