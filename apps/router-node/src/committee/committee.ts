/**
 * Serves on the committee: asks the coordinator what it waits for, and does it in order. Nothing is queued here;
 * whatever a crash has cut short is asked for again.
 */
import { pause } from '@secagg/client';
import { certificateProblem, checkOf } from '@secagg/protocol';
import { epochCertificateMessage, SecaggError, type Work, type WorkItem } from '@secagg/schema';
import { sending } from '../failpoint';
import { isTransient } from '../fleet/coordinator-contact';
import { EpochKeeper, seat, sign } from './epochs';
import { type Member, memberState } from './member';
import { OpenedRounds } from './opened-rounds';
import { isWaiting, RoundWork } from './round-work';
import { SeenWork } from './seen-work';

const ROLE_CHECK_MS = 60_000;
const TOLD_KEPT = 1000;

export class Committee {
  private readonly rounds: OpenedRounds;
  private readonly work: RoundWork;
  private readonly epochs: EpochKeeper;
  private readonly seen = new SeenWork();
  /** Refusals that the operator was told of: what is refused is asked for again for as long as it is waited for. */
  private readonly told = new Set<string>();

  constructor(private readonly member: Member) {
    this.rounds = new OpenedRounds(member);
    this.work = new RoundWork(member, this.rounds);
    this.epochs = new EpochKeeper(member);
  }

  /** Runs until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { member } = this;
    await member.fleet.untilKnown(signal);
    try {
      for (let failures = 0; ; ) {
        this.rounds.sweep(this.epochs.eraseDue());
        failures = (await this.next(signal)) ? 0 : failures + 1;
        if (failures > 0) await member.contact.backOff(failures, signal);
      }
    } finally {
      this.rounds.wipeAll();
    }
  }

  /** Asks for work and does it. False when it is to be asked for again after a pause. */
  private async next(signal: AbortSignal): Promise<boolean> {
    const { member } = this;
    try {
      await this.untilMember(signal);
      const { id, pollWaitMs: waitMs } = member.config;
      const reply = await sending('work', () =>
        member.contact.poll('work', member.client.work(id, { waitMs, seen: this.seen.take() }, { signal })),
      );
      if (!reply) return true;
      await member.fleet.freshen(signal);
      const done = await this.doAll(reply.work, signal);
      if (done) this.seen.handled(reply.hash);
      return done;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SecaggError)) throw error;
      member.log.debug({ code: error.code, detail: error.message }, 'asking for work failed');
      return false;
    }
  }

  /** Whether every item is done or refused for good; one that failed does not hold up the others. */
  private async doAll(work: Work, signal: AbortSignal): Promise<boolean> {
    const certificates = work.epoch_certificates.map((bytes) => epochCertificateMessage.decode(bytes));
    for (const certificate of certificates) this.epochs.see(certificate);
    let done = true;
    for (const item of work.items) {
      try {
        if (item.kind === 'seat') await seat(this.member, item, signal);
        else if (item.kind === 'sign-epoch') await sign(this.member, item, signal);
        else await this.work.handle(item, certificates, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof SecaggError)) throw error;
        if (isTransient(error)) done = false;
        this.refused(item, error);
      }
    }
    return done;
  }

  private refused(item: WorkItem, error: SecaggError): void {
    const { log, metrics } = this.member;
    const about = {
      kind: item.kind,
      ...('round' in item ? { round: item.round } : {}),
      code: error.code,
      check: checkOf(error),
      detail: error.message,
    };
    if (isTransient(error) || isWaiting(error)) {
      log.debug(about, 'work not done yet');
      return;
    }
    metrics.messageRefused(error.code);
    const name = `${item.kind}/${'round' in item ? `${item.cluster}/${item.round}` : ''}/${error.code}`;
    log[this.told.has(name) ? 'debug' : 'warn'](about, 'work refused');
    if (this.told.size >= TOLD_KEPT) this.told.clear();
    this.told.add(name);
    this.member.standing.refused(memberState(this.member).view.authorityKey, error);
  }

  private async untilMember(signal: AbortSignal): Promise<void> {
    const { member } = this;
    for (let told: string | undefined; ; ) {
      const problem = certificateProblem(memberState(member).view, member.context.identity, 'committee', member.now());
      if (problem === undefined) return;
      member.contact.polls.ended('work');
      if (problem.detail !== told) member.log.info({ detail: problem.detail }, 'not serving on the committee');
      told = problem.detail;
      await pause(Math.min(ROLE_CHECK_MS, 12 * member.config.retryMaxMs), signal);
      this.rounds.sweep(this.epochs.eraseDue());
      await member.fleet.refresh(signal).catch((error: unknown) => {
        signal.throwIfAborted();
        if (!(error instanceof SecaggError)) throw error;
      });
    }
  }
}
