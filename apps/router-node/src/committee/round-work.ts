/**
 * What a member does in a round, item by item (docs/protocol.md, "Checking and reporting", "Deciding" and "Answering").
 * Every event is durable before its reply is sent.
 */
import {
  answer,
  askedToAbort,
  decidedSet,
  report,
  roundKey,
  takeTransfers,
  transferSeeds,
  voteAbort,
  voteReady,
} from '@secagg/protocol';
import { type EpochCertificate, roundConfigMessage, SecaggError, type Vote, type WorkItem } from '@secagg/schema';
import { sending } from '../failpoint';
import { isTransient } from '../fleet/coordinator-contact';
import { type Member, memberState } from './member';
import { type OpenedRounds } from './opened-rounds';

type Item<Kind extends WorkItem['kind']> = Extract<WorkItem, { kind: Kind }>;
export type RoundItem = Exclude<WorkItem, Item<'seat'> | Item<'sign-epoch'>>;

/** So often a member that may still be able to vote `ready` puts an abort off. */
const ABORTS_PUT_OFF = 10;
const UNVOTED_KEPT = 1000;

export class RoundWork {
  /** Rounds whose vote could not be made for now, and how often their abort was put off since. */
  private readonly unvoted = new Map<string, number>();

  constructor(
    private readonly member: Member,
    private readonly rounds: OpenedRounds,
  ) {}

  /** Throws a SecaggError for what this member will not do, and for what could not be delivered. */
  async handle(item: RoundItem, certificates: readonly EpochCertificate[], signal: AbortSignal): Promise<void> {
    checkNames(item);
    switch (item.kind) {
      case 'report':
        return this.report(item, certificates, signal);
      case 'vote':
        return this.vote(item, certificates, signal);
      case 'abort':
        return this.abort(item, certificates, signal);
      case 'transfer':
        return this.transfer(item, certificates, signal);
      case 'answer':
        return this.answer(item, certificates, signal);
    }
  }

  private async report(
    item: Item<'report'>,
    certificates: readonly EpochCertificate[],
    signal: AbortSignal,
  ): Promise<void> {
    const opened = await this.rounds.open(item.announcement, certificates, signal);
    const reply = this.member.store.journal.commit((state) => report(state, opened));
    await sending('report', () =>
      this.member.contact.track(this.member.client.sendReport(item.cluster, item.round, reply, { signal })),
    );
  }

  private async vote(
    item: Item<'vote'>,
    certificates: readonly EpochCertificate[],
    signal: AbortSignal,
  ): Promise<void> {
    // Only rounds that the coordinator has announced are counted.
    this.rounds.identify(item.announcement, certificates);
    const key = roundKey(item.cluster, item.round);
    try {
      await this.voteReady(item, certificates, signal);
      this.unvoted.delete(key);
    } catch (error) {
      if (isTransient(error)) this.keepUnvoted(key);
      else this.unvoted.delete(key);
      throw error;
    }
  }

  /** Rounds that end while their vote fails leave nothing else behind: the oldest go first. */
  private keepUnvoted(key: string): void {
    const putOff = this.unvoted.get(key) ?? 0;
    this.unvoted.delete(key);
    this.unvoted.set(key, putOff);
    const [oldest] = this.unvoted.keys();
    if (this.unvoted.size > UNVOTED_KEPT && oldest !== undefined) this.unvoted.delete(oldest);
  }

  private async voteReady(
    item: Item<'vote'>,
    certificates: readonly EpochCertificate[],
    signal: AbortSignal,
  ): Promise<void> {
    const opened = await this.rounds.open(item.announcement, certificates, signal);
    const vote = this.member.store.journal.commit((state) => voteReady(state, opened, item.proposal));
    await this.sendVote(item, vote, signal);
  }

  private async abort(
    item: Item<'abort'>,
    certificates: readonly EpochCertificate[],
    signal: AbortSignal,
  ): Promise<void> {
    const { round, index } = this.rounds.identify(item.announcement, certificates);
    const reason = askedToAbort(round, item, this.member.now());
    // Votes for both decide nothing: a member that was also asked to vote for the proposal does that if it can.
    const key = roundKey(item.cluster, item.round);
    const putOff = this.unvoted.get(key) ?? ABORTS_PUT_OFF;
    if (putOff < ABORTS_PUT_OFF) {
      this.unvoted.set(key, putOff + 1);
      return;
    }
    const vote = this.member.store.journal.commit((state) => voteAbort(state, round, index, reason));
    await this.sendVote(item, vote, signal);
  }

  private async sendVote({ cluster, round }: RoundItem, vote: Vote, signal: AbortSignal): Promise<void> {
    await sending('vote', () =>
      this.member.contact.track(this.member.client.sendVote(cluster, round, vote, { signal })),
    );
  }

  private async transfer(
    item: Item<'transfer'>,
    certificates: readonly EpochCertificate[],
    signal: AbortSignal,
  ): Promise<void> {
    const { member } = this;
    const opened = await this.rounds.open(item.announcement, certificates, signal);
    const decided = decidedSet(opened, item.proposal, item.decision);
    for (const need of item.needs) {
      const transfer = transferSeeds(memberState(member), opened, decided, need, member.random);
      await sending('transfer', () =>
        member.contact.track(member.client.sendTransfer(item.cluster, item.round, transfer, { signal })),
      );
    }
  }

  private async answer(
    item: Item<'answer'>,
    certificates: readonly EpochCertificate[],
    signal: AbortSignal,
  ): Promise<void> {
    const { member } = this;
    const opened = await this.rounds.open(item.announcement, certificates, signal);
    const decided = decidedSet(opened, item.proposal, item.decision);
    const { wrong } = takeTransfers(memberState(member), opened, decided.decision, item.transfers);
    if (wrong.length > 0)
      member.log.warn({ round: item.round, members: wrong }, 'seeds passed on by these members are wrong');
    const reply = member.store.journal.commit((state) => answer(state, opened, decided, item.pieces));
    await sending('answer', () =>
      member.contact.track(member.client.sendAnswer(item.cluster, item.round, reply, { signal })),
    );
    member.log.info({ round: item.round, pieces: reply.pieces.length }, 'decision answered');
  }
}

/** Nobody signs an item as a whole. Throws `wrong_config` for one that names another round than its announcement. */
function checkNames({ announcement, cluster, round }: RoundItem): void {
  const config = roundConfigMessage.decode(announcement.body);
  if (config.cluster !== cluster || config.round !== round)
    throw new SecaggError('wrong_config', 'the work names another round than its announcement', { round });
}

/** Not a refusal: the item comes again when what it waits for is there. */
export const isWaiting = (error: unknown): boolean => error instanceof SecaggError && error.code === 'recovery_failed';
