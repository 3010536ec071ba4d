/**
 * One fleet with a round in every phase, and every message that was sent on the way: the valid inputs that are then
 * changed. Repeatable from the seed, so that a finding is too. One file, since every message is taken from the same
 * rounds on their way.
 */
import { domainHash, signMessage } from '@secagg/crypto';
import {
  auditTranscript,
  decisionProofOf,
  evidenceOfTwo,
  type FleetDocuments,
  inclusionProof,
  listOfTranscript,
  LocalFleet,
  type LocalCoordinator,
  type LocalMember,
  publishedResult,
  receiptEvidence,
  roundOf,
  signDocument,
  splitTranscript,
  startEpoch,
  transferSeeds,
  decidedSet,
  openViews,
  type OpenedViews,
} from '@secagg/protocol';
import {
  type Bytes,
  abortRequestMessage,
  closingMessage,
  contributionMessage,
  decisionMessage,
  decisionProofMessage,
  defaultFields,
  epochCertificateMessage,
  epochSignatureMessage,
  evidenceMessage,
  fleetDocumentsMessage,
  headerMessage,
  inclusionProofMessage,
  memberViewsMessage,
  type MemberIndex,
  operatorRequestMessage,
  type PartyId,
  type RandomBytes,
  receiptEvidenceMessage,
  quarantineMessage,
  receiptMessage,
  roundStatusMessage,
  type Signed,
  signedMessage,
  transcriptMessage,
  voteBodyMessage,
  voteMessage,
} from '@secagg/schema';
import { unsafeSeededRandom } from '@secagg/testbed/random';
import { freshnessMessages } from './freshness-messages';
import { treeOf } from './mutate/message';
import { type Tree } from './mutate/values';

export const now = Date.UTC(2026, 0, 1);
const ROUTERS = 6;
/** Contributions of the collecting round from here on are made and not sent. */
const NOT_SENT_FROM = 3;
const COMMITTEE = { size: 4, threshold: 2 } as const;
/** How far a round may go: what members say beyond it is kept and not passed on. */
type Reach = 'collecting' | 'checking' | 'voting' | 'answering' | 'published';
const ORDER: readonly Reach[] = ['collecting', 'checking', 'voting', 'answering', 'published'];

export interface World {
  readonly fleet: LocalFleet;
  readonly random: RandomBytes;
  /** Round keys by how far the round has come; `aborting` has too few contributions. */
  readonly rounds: Readonly<Record<Reach | 'aborting' | 'aborted', string>>;
  /** Encoded messages by type. */
  readonly messages: ReadonlyMap<string, readonly Bytes[]>;
  readonly transcripts: readonly Bytes[];
  readonly files: ReadonlyMap<string, Bytes>;
  /** By member index in the epoch of the rounds. */
  readonly voteSecrets: readonly Bytes[];
  readonly memberOf: (index: number) => LocalMember;
  /** What a member sees of a round, with the seeds that it could open. */
  readonly opened: (round: string, index: number) => OpenedViews;
}

/** Encoded messages of a type; with a round key, those that speak of that round where there are any. */
export function messagesOf(world: World, type: string, key?: string): readonly Bytes[] {
  const all = world.messages.get(type) ?? [];
  if (key === undefined) return all;
  const round = Number(key.slice(key.lastIndexOf('/') + 1));
  const ofRound = all.filter((bytes) => speaksOf(treeOf(bytes), round));
  return ofRound.length > 0 ? ofRound : all;
}

/** Whether a `round` stands in it, or in a message inside of it. */
function speaksOf(tree: Tree | undefined, round: number): boolean {
  if (tree instanceof Uint8Array) return tree.length > 16 && tree[0] >> 5 === 5 && speaksOf(treeOf(tree), round);
  if (typeof tree !== 'object' || tree === null) return false;
  return Object.entries(tree).some(([name, item]) => (name === 'round' ? item === round : speaksOf(item, round)));
}

class Recorder {
  readonly messages = new Map<string, Bytes[]>();
  readonly receipts: Signed[] = [];

  add(type: string, bytes: Bytes): void {
    const held = this.messages.get(type) ?? [];
    this.messages.set(type, held);
    if (held.length < 40) held.push(bytes);
  }

  signed(type: string, signed: Signed): void {
    this.add(type, signed.body);
    this.add('signed', signedMessage.encode(signed));
  }
}

/** A coordinator as members see it: their messages are recorded, and passed on as far as each round may go. */
function gate(
  coordinator: LocalCoordinator,
  reach: ReadonlyMap<string, Reach>,
  record: Recorder,
  pass: { seats: number; signatures: number },
): LocalCoordinator {
  const beyond = (key: string, phase: Reach) => ORDER.indexOf(reach.get(key) ?? 'published') > ORDER.indexOf(phase);
  const front = Object.create(coordinator) as LocalCoordinator;
  const own: Partial<LocalCoordinator> = {
    work: (member, nowMs) => {
      const bytes = coordinator.work(member, nowMs);
      record.add('work', bytes);
      return bytes;
    },
    views: (key, member) => {
      const bytes = coordinator.views(key, member);
      record.add('member-views', bytes);
      const { closing } = memberViewsMessage.decode(bytes);
      if (closing) record.signed(closingMessage.type, closing);
      return bytes;
    },
    takeSeat: (seat, nowMs) => {
      record.signed('seat', seat);
      if (pass.seats-- > 0) coordinator.takeSeat(seat, nowMs);
    },
    takeEpochSignature: (signature, nowMs) => {
      record.add('epoch-signature', epochSignatureMessage.encode(signature));
      if (pass.signatures-- > 0) coordinator.takeEpochSignature(signature, nowMs);
    },
    takeReport: (key, signed) => {
      record.signed('report', signed);
      if (beyond(key, 'checking')) coordinator.takeReport(key, signed);
    },
    takeVote: (key, vote, nowMs) => {
      record.add('vote-envelope', voteMessage.encode(vote));
      record.add('vote', vote.body);
      if (beyond(key, 'voting')) coordinator.takeVote(key, vote, nowMs);
    },
    takeTransfer: (key, signed) => {
      record.signed('seed-transfer', signed);
      if (beyond(key, 'answering')) coordinator.takeTransfer(key, signed);
    },
    takeAnswer: (key, body, nowMs) => {
      record.add('answer-body', body);
      if (beyond(key, 'answering')) coordinator.takeAnswer(key, body, nowMs);
    },
  };
  return Object.assign(front, own);
}

const plan = {
  keys: ['m:a', 'm:b'],
  fields: defaultFields(),
  maxRequestsPerRouter: 1000,
  minParticipantsPerGroup: 2,
  maxParticipants: 64,
  groups: 1,
  combination: 'sum' as const,
  privacy: { unit: 'request' as const, rho: 0.5, deltaInverse: 1_000_000 },
  sendDelayMs: 0,
};

/** With one box that its member cannot open, so that seeds have to be passed on. */
function withBadBox(bytes: Bytes, secretKey: Bytes, member: number, fleet: string): Bytes {
  const contribution = contributionMessage.decode(bytes);
  const boxes = contribution.boxes.map((box, i) =>
    i === member ? { ...box, ciphertext: new Uint8Array(box.ciphertext.length) } : box,
  );
  const header = {
    ...headerMessage.decode(contribution.header.body),
    box_digests: boxes.map((box) => domainHash('box-digest', box.encapsulation, box.ciphertext)),
  };
  return contributionMessage.encode({
    ...contribution,
    boxes,
    header: signDocument(headerMessage, fleet, header, secretKey),
  });
}

export function createWorld(seed: string): World {
  const random = unsafeSeededRandom(seed);
  const fleet = new LocalFleet({ routers: ROUTERS, committee: COMMITTEE, random, nowMs: now });
  const { coordinator, members, routers, view } = fleet;
  const record = new Recorder();
  const reach = new Map<string, Reach>();
  const pass = { seats: Infinity, signatures: Infinity };
  const front = gate(coordinator, reach, record, pass);
  const work = (at: number, turns = 6) => {
    for (let turn = 0; turn < turns; turn++) {
      coordinator.tick(at);
      for (const member of members) member.work(front, at);
    }
  };
  fleet.startEpoch(now);

  const announce = (goal: Reach, contributors: number, durationMs = 1000): string => {
    const { key } = fleet.announce({ ...plan, durationMs }, now);
    reach.set(key, goal);
    record.add('open-round', coordinator.open(key));
    record.signed('round-config', roundOf(coordinator.state, key).verified.announcement);
    routers.slice(0, contributors).forEach((router, i) => {
      const built = router.contribution(coordinator, key, new Float64Array(2 * plan.fields.length).fill(i + 1), now);
      const bytes =
        i === 0 && (goal === 'answering' || goal === 'published')
          ? withBadBox(built, router.identity.secretKey, 3, view.fleet)
          : built;
      record.add('contribution-body', bytes);
      record.add('contribution', contributionMessage.decode(bytes).header.body);
      if (goal === 'collecting' && i >= NOT_SENT_FROM) return;
      const receipt = coordinator.contribute(key, bytes);
      record.signed('receipt', receipt);
      const { header_hash: _held, ...refused } = receiptMessage.decode(receipt.body);
      record.add(quarantineMessage.type, quarantineMessage.encode({ ...refused, until_round: refused.round }));
      record.receipts.push(receipt);
      if (bytes === built) router.keepReceipt(key, receipt);
    });
    return key;
  };
  const rounds = {
    published: announce('published', 5),
    aborted: announce('published', 1),
    aborting: announce('checking', 1),
    answering: announce('answering', 5),
    voting: announce('voting', 5),
    checking: announce('checking', 5),
    collecting: announce('collecting', 5, 3_600_000),
  };
  work(now + 1000);

  const state = coordinator.state;
  const roundAt = (key: string) => roundOf(state, key);
  for (const key of [rounds.answering, rounds.published, rounds.aborted])
    record.add('decision', decisionMessage.encode(roundAt(key).decision?.decision as never));
  for (const key of [rounds.answering, rounds.voting, rounds.published])
    record.signed('proposal', roundAt(key).proposal?.signed as Signed);
  record.signed(abortRequestMessage.type, roundAt(rounds.aborting).abortRequest as Signed);
  for (const { body } of roundAt(rounds.published).answers.values()) record.signed('answer', body.answer);
  const transcripts = [rounds.published, rounds.aborted].map((key) => coordinator.publish(key));
  for (const bytes of transcripts) record.add('transcript', bytes);
  proofs(record, fleet, transcripts);

  // An epoch that lacks two signatures, then one that lacks a seat.
  for (const [seats, signatures] of [
    [4, 2],
    [3, 0],
  ]) {
    Object.assign(pass, { seats, signatures });
    coordinator.commit(startEpoch(state, 3_600_000, now));
    work(now + 1000, 3);
  }
  for (const [, epoch] of state.epochs) if (epoch.body) record.add('epoch', epoch.body);
  documents(record, view.documents, fleet);
  for (const [phase, key] of Object.entries(rounds)) {
    const { verified: round, phase: at, decision, accepted } = roundAt(key);
    record.add(
      'round-status',
      roundStatusMessage.encode({
        cluster: round.config.cluster,
        round: round.config.round,
        phase: at,
        contributions: accepted.size,
        ...(phase === 'aborted' ? { decision: decision?.decision } : {}),
      }),
    );
  }

  const { body: epoch } = roundAt(rounds.published).verified.epoch;
  record.add('epoch-certificate', epochCertificateMessage.encode(roundAt(rounds.published).verified.epoch.certificate));
  const memberOf = (index: number) =>
    members.find((member) => member.identity.id === epoch.members[index].id) as LocalMember;
  const secretsOf = (index: number) =>
    memberOf(index).state.seats.get(epoch.epoch)?.secrets as { kemSecret: Bytes; voteSecret: Bytes };
  const opened = (key: string, index: number) =>
    openViews(
      roundAt(key).verified,
      index as MemberIndex,
      secretsOf(index).kemSecret,
      memberViewsMessage.decode(coordinator.views(key, index as MemberIndex)).views,
    );
  misbehaviour(record, fleet, rounds.published, (index) => secretsOf(index).voteSecret);
  const audited = auditTranscript(fleet.authority.publicKey, transcriptMessage.decode(transcripts[0]));
  if (audited.kind !== 'opened') throw new Error('the round was not opened');
  const files = splitTranscript(
    fleet.authority.publicKey,
    transcriptMessage.decode(transcripts[0]),
    publishedResult(audited),
  );
  return {
    fleet,
    random,
    rounds,
    messages: record.messages,
    transcripts,
    files,
    voteSecrets: epoch.members.map((_, index) => secretsOf(index).voteSecret),
    memberOf,
    opened,
  };
}

/**
 * Of both outcomes; for a router in the set, one left out of a list it is in, and one that is nowhere: with a receipt
 * for it, evidence.
 */
function proofs(record: Recorder, { coordinator }: LocalFleet, transcripts: readonly Bytes[]): void {
  const [published, aborted] = transcripts.map((bytes) => transcriptMessage.decode(bytes));
  for (const transcript of [published, aborted])
    record.add(decisionProofMessage.type, decisionProofMessage.encode(decisionProofOf(transcript)));
  const list = listOfTranscript(published);
  const [included, absent] = ['router-1', 'router-1a'].map((router) => inclusionProof(list, router as PartyId));
  const leaf = { header: list.all.bodies[0], index: 0, path: list.all.tree.proof(0), reports: [...list.reports] };
  const leftOut = { ...included, standing: { kind: 'left-out' as const, ...leaf } };
  for (const proof of [included, absent, leftOut])
    record.add(inclusionProofMessage.type, inclusionProofMessage.encode(proof));
  const { secretKey } = coordinator.context.identity;
  for (const { router, standing } of [absent, included]) {
    // Of what was never sent: to a router that is not there, or in the place of what is.
    const receipt = receiptMessage.encode({
      ...receiptMessage.decode(record.receipts[0].body),
      router,
      header_hash: new Uint8Array(32),
    });
    record.add(
      receiptEvidenceMessage.type,
      receiptEvidence(published, envelope(receiptMessage.type, 'local', receipt, secretKey), standing),
    );
  }
}

/** Two receipts in the place of one, and two votes of one member. */
function misbehaviour(
  record: Recorder,
  { coordinator, view }: LocalFleet,
  key: string,
  voteSecretOf: (member: number) => Bytes,
): void {
  const { id, secretKey } = coordinator.context.identity;
  const [receipt] = record.receipts;
  const other = receiptMessage.encode({ ...receiptMessage.decode(receipt.body), header_hash: new Uint8Array(32) });
  const receipts = [receipt, envelope(receiptMessage.type, 'local', other, secretKey)] as const;
  const {
    verified: { epoch },
    votes: held,
  } = roundOf(coordinator.state, key);
  const [{ vote }] = held.values();
  const { v, fleet, cluster, round, epoch_hash, config_hash } = voteBodyMessage.decode(vote.body);
  const abort = voteBodyMessage.encode({
    v,
    fleet,
    cluster,
    round,
    epoch_hash,
    config_hash,
    kind: 'abort',
    reason: 'policy',
  });
  const votes = [vote, envelope(voteBodyMessage.type, 'local', abort, voteSecretOf(vote.member))] as const;
  const accusations = [
    { kind: 'two-receipts', party: id, statements: receipts },
    { kind: 'two-votes', party: epoch.body.members[vote.member].id, statements: votes, epoch: epoch.certificate },
  ] as const;
  for (const accusation of accusations) record.add(evidenceMessage.type, evidenceOfTwo(view, accusation) as Bytes);
}

function documents(record: Recorder, { policy, roster }: FleetDocuments, fleet: LocalFleet): void {
  record.signed('policy', policy);
  record.signed('roster', roster);
  record.add('fleet-documents', fleetDocumentsMessage.encode({ policy, roster }));
  for (const signed of fleet.view.roster.certificates.slice(0, 3)) record.signed('certificate', signed);
  freshnessMessages(record, fleet, now);
  const request = {
    v: 1 as const,
    fleet: fleet.view.fleet,
    operator: fleet.routers[0].identity.id,
    nonce: new Uint8Array(16),
    issued_at_ms: now,
  };
  record.add('operator-request', operatorRequestMessage.encode({ ...request, action: 'start-epoch' }));
  record.add(
    'operator-request',
    operatorRequestMessage.encode({
      ...request,
      action: 'start-round',
      cluster: fleet.cluster,
      overrides: { groups: 2, rho_units: 1 },
    }),
  );
}

/** The seeds that member `from` would pass on in the round that waits for answers. */
export function transferFor(world: World, from: number, to: number): Signed {
  const { fleet, rounds, random } = world;
  const { proposal, decision } = roundOf(fleet.coordinator.state, rounds.answering);
  if (!proposal || !decision) throw new Error('the round is not decided');
  const opened = world.opened(rounds.answering, from);
  const decided = decidedSet(opened, proposal.signed, decisionMessage.encode(decision.decision));
  return transferSeeds(
    world.memberOf(from).state,
    opened,
    decided,
    { to: to as MemberIndex, routers: opened.headers.map((entry) => entry.header.router) },
    random,
  );
}

/** What `sign` gives to a body that was changed: a peer that signs whatever it likes with its real key. */
export const envelope = (type: string, fleet: string, body: Bytes, secretKey: Bytes): Signed => ({
  body,
  signature: signMessage(secretKey, { type, fleet }, body),
});
