/**
 * The three roles driven in one process, without network or disk: for the library face, the simulator and tests. Every
 * message still passes through its wire encoding. The apps do the same on stores that outlive the process.
 */
import {
  answerBodyMessage,
  type Bytes,
  type Contribution,
  epochCertificateMessage,
  epochMessage,
  type EpochSignature,
  type MemberIndex,
  memberViewsMessage,
  openRoundMessage,
  type PartyId,
  type RandomBytes,
  roundConfigMessage,
  SecaggError,
  type Signed,
  type Transcript,
  transcriptMessage,
  type Vote,
  voteBodyMessage,
  type WorkItem,
  workMessage,
} from '@secagg/schema';
import { askedToAbort } from '../member/asked-to-abort';
import { answer } from '../member/answer';
import { decidedSet } from '../member/decided-set';
import { takeTransfers } from '../member/take-transfers';
import { transferSeeds } from '../member/transfer-seeds';
import { checkClosing } from '../member/check-closing';
import { type OpenedViews, openViews, wipeSeeds } from '../member/check-views';
import { signEpoch } from '../member/sign-epoch';
import { takeSeat } from '../member/take-seat';
import { memberRole } from '../member/role';
import { emptyMember, type MemberEvent, type MemberState } from '../member/state';
import { report } from '../member/report';
import { voteAbort } from '../member/vote-abort';
import { voteReady } from '../member/vote-ready';
import { acceptedParts } from '../coordinator/check-contribution';
import { receiveEpochSignature } from '../coordinator/receive-epoch-signature';
import { receiveSeat } from '../coordinator/receive-seat';
import { coordinatorRole } from '../coordinator/role';
import { receiveAnswer } from '../coordinator/receive-answer';
import { receiveReport } from '../coordinator/receive-report';
import { receiveTransfer } from '../coordinator/receive-transfer';
import { receiveVote } from '../coordinator/receive-vote';
import { receiveContribution } from '../coordinator/receive-contribution';
import { tickRound } from '../coordinator/tick-round';
import {
  type CoordinatorContext,
  type CoordinatorEvent,
  type CoordinatorState,
  type CoordinatorTimings,
  emptyCoordinator,
  roundOf,
} from '../coordinator/state';
import { buildTranscript, memberViews, signClosing } from '../coordinator/transcript';
import { workFor } from '../coordinator/work';
import { sameBytes } from '../wire/bytes';
import { epochHash, verifyEpoch } from '../epoch/verified-epoch';
import { type FleetView } from '../fleet/fleet-view';
import { checkFresh } from '../fleet/freshness';
import { namedView } from '../fleet/update-fleet';
import { roundKey, roundToAbort, type VerifiedRound, verifyAnnouncement } from '../round/verified-round';
import { type Identity } from '../wire/identity';
import { emptyRouter, type RouterEvent, type RouterState } from '../router/state';
import { routerRole } from '../router/role';
import { type RouterLimits } from '../round/limits';
import { LocalParty } from './local-party';
import { checkRound } from '../router/check-round';
import { contribute } from '../router/contribute';
import { receiveReceipt } from '../router/receive-receipt';
import { settleAborted } from '../router/settle-aborted';
import { type SettledRound, settlePublished } from '../router/settle-published';

export class LocalCoordinator extends LocalParty<CoordinatorState, CoordinatorEvent> {
  readonly context: CoordinatorContext;
  /** Events applied so far. */
  steps = 0;
  private readonly stored = new Map<string, Bytes>();
  /** What members are shown of closed rounds, until they are over. */
  private readonly shown = new Map<string, ReadonlyMap<PartyId, Contribution>>();

  constructor(view: FleetView, identity: Identity, timings: CoordinatorTimings) {
    super(coordinatorRole(view.authorityKey), emptyCoordinator(view));
    this.context = {
      identity,
      timings,
      contribution: (key, router) => {
        const bytes = this.stored.get(`${key}/${router}`);
        if (!bytes) throw new SecaggError('internal', 'a contribution is not stored');
        return bytes;
      },
    };
  }

  protected override before(event: CoordinatorEvent): void {
    if (event.type === 'round-published' || event.type === 'round-undecided') this.shown.delete(event.key);
    if (event.type === 'contribution-accepted') this.stored.set(`${event.key}/${event.router}`, event.bytes);
    this.steps++;
    super.before(event);
  }

  /** Lets time act on every round until nothing more follows from it. */
  tick(nowMs: number): void {
    for (const key of this.state.rounds.keys()) {
      for (
        let events = tickRound(this.state, this.context, key, nowMs);
        events.length > 0;
        events = tickRound(this.state, this.context, key, nowMs)
      ) {
        this.commit({ events, reply: undefined });
      }
    }
  }

  open(key: string): Bytes {
    const { verified: round } = roundOf(this.state, key);
    return openRoundMessage.encode({ announcement: round.announcement, epoch_certificate: round.epoch.certificate });
  }

  contribute(key: string, bytes: Bytes): Signed {
    return this.commit(receiveContribution(this.state, this.context, key, bytes));
  }

  work(member: PartyId, nowMs: number): Bytes {
    return workMessage.encode(workFor(this.state, this.context, member, nowMs, true));
  }

  takeSeat(seat: Signed, nowMs: number): void {
    this.commit(receiveSeat(this.state, seat, nowMs));
  }

  takeEpochSignature(signature: EpochSignature, nowMs: number): void {
    this.commit(receiveEpochSignature(this.state, signature, nowMs));
  }

  takeReport(key: string, report: Signed): void {
    this.commit(receiveReport(this.state, key, report));
  }

  takeVote(key: string, vote: Vote, nowMs: number): void {
    this.commit(receiveVote(this.state, key, vote, nowMs));
  }

  takeTransfer(key: string, transfer: Signed): void {
    this.commit(receiveTransfer(this.state, key, transfer));
  }

  takeAnswer(key: string, body: Bytes, nowMs: number): void {
    this.commit(receiveAnswer(this.state, key, body, nowMs));
  }

  views(key: string, member: MemberIndex): Bytes {
    const round = roundOf(this.state, key);
    const shown =
      this.shown.get(key) ??
      new Map(
        round.headers.map(({ header }) => [
          header.router,
          acceptedParts(this.context.contribution(key, header.router)),
        ]),
      );
    this.shown.set(key, shown);
    const views = memberViews(round, member, (router) => shown.get(router) as Contribution);
    return memberViewsMessage.encode({ ...views, closing: signClosing(round, this.context) });
  }

  publish(key: string): Bytes {
    return transcriptMessage.encode(buildTranscript(this.state, this.context, key));
  }

  transcript(key: string): Transcript {
    return transcriptMessage.view(this.publish(key));
  }

  forget(key: string): void {
    this.state.rounds.delete(key);
    this.shown.delete(key);
    for (const name of this.stored.keys()) if (name.startsWith(`${key}/`)) this.stored.delete(name);
  }
}

/** What a committee member asks of the coordinator, and tells it. */
export type CommitteeDesk = Pick<
  LocalCoordinator,
  'work' | 'views' | 'takeSeat' | 'takeEpochSignature' | 'takeReport' | 'takeVote' | 'takeTransfer' | 'takeAnswer'
>;

export class LocalMember extends LocalParty<MemberState, MemberEvent> {
  private readonly opened = new Map<string, OpenedViews>();

  constructor(
    view: FleetView,
    readonly identity: Identity,
    private readonly random: RandomBytes,
  ) {
    super(memberRole(view.authorityKey), emptyMember(view));
  }

  /** Does everything the coordinator waits for from this member. */
  work(coordinator: CommitteeDesk, nowMs: number): void {
    const { items, epoch_certificates } = workMessage.decode(coordinator.work(this.identity.id, nowMs));
    for (const item of items) this.handle(item, epoch_certificates, coordinator, nowMs);
  }

  private handle(item: WorkItem, certificates: readonly Bytes[], coordinator: CommitteeDesk, nowMs: number): void {
    if (item.kind === 'seat') {
      coordinator.takeSeat(this.commit(takeSeat(this.state, this, item, this.random, nowMs)), nowMs);
      return;
    }
    if (item.kind === 'sign-epoch') {
      coordinator.takeEpochSignature(this.commit(signEpoch(this.state, this, item.body, nowMs)), nowMs);
      return;
    }
    const key = roundKey(item.cluster, item.round);
    if (item.kind === 'abort') {
      const { round, member } = this.round(item.announcement, certificates, false, nowMs);
      coordinator.takeVote(
        key,
        this.commit(voteAbort(this.state, round, member, askedToAbort(round, item, nowMs))),
        nowMs,
      );
      return;
    }
    const opened = this.open(key, item.announcement, certificates, coordinator);
    if (item.kind === 'report') {
      if (!this.state.rounds.get(key)?.report) checkFresh(this.state, nowMs);
      coordinator.takeReport(key, this.commit(report(this.state, opened)));
    } else if (item.kind === 'vote') {
      coordinator.takeVote(key, this.commit(voteReady(this.state, opened, item.proposal)), nowMs);
    } else if (item.kind === 'transfer') {
      const decided = decidedSet(opened, item.proposal, item.decision);
      for (const need of item.needs)
        coordinator.takeTransfer(key, transferSeeds(this.state, opened, decided, need, this.random));
    } else {
      const decided = decidedSet(opened, item.proposal, item.decision);
      takeTransfers(this.state, opened, decided.decision, item.transfers);
      const wanted = new Set(decided.set.groups.flatMap((group) => group.members.map((entry) => entry.header.router)));
      const missing = opened.headers.some(({ header }, i) => !opened.seeds[i] && wanted.has(header.router));
      // Other holders will pass the seeds on; until then there is nothing to answer with.
      if (missing) return;
      const body = this.commit(answer(this.state, opened, decided, item.pieces));
      coordinator.takeAnswer(key, answerBodyMessage.encode(body), nowMs);
    }
  }

  private round(
    announcement: Signed,
    certificates: readonly Bytes[],
    full: boolean,
    nowMs: number,
  ): { round: VerifiedRound; member: MemberIndex } {
    const config = roundConfigMessage.decode(announcement.body);
    const { epoch_hash, round_time_ms } = config;
    const certificate = certificates
      .map((bytes) => epochCertificateMessage.decode(bytes))
      .find((entry) => sameBytes(epochHash(entry.body), epoch_hash));
    if (!certificate) throw new SecaggError('wrong_epoch', 'the certificate of the epoch is missing');
    const epoch = verifyEpoch(namedView(this.state.view, config) ?? this.state.view, certificate, round_time_ms);
    const member = epochMessage
      .decode(certificate.body)
      .members.findIndex((entry) => entry.id === this.identity.id) as MemberIndex;
    const round = full
      ? verifyAnnouncement(this.state.view, epoch, announcement)
      : roundToAbort(this.state.view, epoch, announcement, nowMs);
    return { round, member };
  }

  private open(
    key: string,
    announcement: Signed,
    certificates: readonly Bytes[],
    coordinator: CommitteeDesk,
  ): OpenedViews {
    const cached = this.opened.get(key);
    if (cached) return cached;
    const { round, member } = this.round(announcement, certificates, true, 0);
    const secrets = this.state.seats.get(round.config.epoch)?.secrets;
    if (!secrets) throw new SecaggError('no_seat', 'the secrets of the epoch are gone');
    const { views, closing } = memberViewsMessage.view(coordinator.views(key, member));
    const opened = openViews(round, member, secrets.kemSecret, views);
    checkClosing(opened, closing);
    this.opened.set(key, opened);
    return opened;
  }

  forget(key: string): void {
    const opened = this.opened.get(key);
    if (opened) wipeSeeds(opened);
    this.opened.delete(key);
  }
}

export class LocalRouter extends LocalParty<RouterState, RouterEvent> {
  constructor(
    view: FleetView,
    readonly identity: Identity,
    readonly limits: RouterLimits,
    private readonly random: RandomBytes,
  ) {
    super(routerRole(view.authorityKey), emptyRouter(view));
  }

  /** Checks the open round and builds the contribution from a vector of clipped integers. */
  contribution(coordinator: LocalCoordinator, key: string, vector: Float64Array, nowMs: number): Bytes {
    return this.build(this.check(coordinator.open(key), nowMs), vector, nowMs);
  }

  check(open: Bytes, nowMs: number): VerifiedRound {
    return checkRound(this.state, this, openRoundMessage.decode(open), nowMs);
  }

  /** @param carriedUnits the most that a request in the vector has been charged before */
  build(round: VerifiedRound, vector: Float64Array, nowMs: number, carriedUnits = 0): Bytes {
    return this.commit(contribute(this.state, this, round, vector, this.random, nowMs, carriedUnits));
  }

  send(coordinator: LocalCoordinator, key: string, bytes: Bytes): void {
    this.keepReceipt(key, coordinator.contribute(key, bytes));
  }

  keepReceipt(key: string, receipt: Signed): void {
    this.commit(receiveReceipt(this.state, this, key, receipt));
  }

  forget(key: string): void {
    this.state.participations.delete(key);
  }

  settle(coordinator: LocalCoordinator, key: string, nowMs: number): SettledRound | undefined {
    return this.settleBy(coordinator.transcript(key), key, nowMs);
  }

  /** Verifies a published round and settles this router's part in it; undefined for an aborted one. */
  settleBy(transcript: Transcript, key: string, nowMs: number): SettledRound | undefined {
    if (voteBodyMessage.decode(transcript.decision.body).kind === 'abort') {
      this.commit(settleAborted(this.state, key, transcript.decision, nowMs));
      return undefined;
    }
    return this.commit(settlePublished(this.state, key, transcript, nowMs));
  }
}

/** Lets coordinator and members work until nothing more comes of it. */
export function runCommittee(coordinator: LocalCoordinator, members: readonly LocalMember[], nowMs: number): void {
  for (let before = -1; before !== coordinator.steps; ) {
    before = coordinator.steps;
    coordinator.tick(nowMs);
    for (const member of members) member.work(coordinator, nowMs);
  }
}
