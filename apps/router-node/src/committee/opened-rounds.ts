/**
 * Rounds as this member sees them: the announcement checked, the views fetched, the boxes opened, the report made. Kept
 * in memory only, wiped when they are no longer asked for, and rebuilt from the views when they are asked for again.
 */
import {
  checkClosing,
  checkFresh,
  checkLimits,
  configHash,
  deriveEpoch,
  epochHash,
  namedView,
  openViews,
  type OpenedViews,
  ownEpoch,
  report,
  roundKey,
  roundToAbort,
  sameBytes,
  type VerifiedRound,
  verifyAnnouncement,
  wipeSeeds,
} from '@secagg/protocol';
import {
  type EpochCertificate,
  type MemberIndex,
  type RoundConfig,
  roundConfigMessage,
  SecaggError,
  type Signed,
} from '@secagg/schema';
import { sending } from '../failpoint';
import { secretsOf } from './epochs';
import { type Member, memberState } from './member';

/** A round not asked for during this time is over for this member, or will be opened again. */
const IDLE_MS = 60_000;

interface Kept {
  readonly opened: OpenedViews;
  usedAtMs: number;
}

export class OpenedRounds {
  private readonly kept = new Map<string, Kept>();

  constructor(private readonly member: Member) {}

  /**
   * The round of an announcement and this member's index, without judging its terms: enough to abort it, which must
   * stay possible when newer fleet documents make a round inadmissible. Throws unless the coordinator announced it in
   * an epoch that this member has a seat in.
   */
  identify(
    announcement: Signed,
    certificates: readonly EpochCertificate[],
  ): { round: VerifiedRound; index: MemberIndex } {
    const config = roundConfigMessage.decode(announcement.body);
    const epoch = deriveEpoch(certificateFor(config, certificates));
    const index = epoch.body.members.findIndex(({ id }) => id === this.member.config.id);
    if (index < 0) throw new SecaggError('no_seat', `no seat in epoch ${config.epoch}`, { round: config.round });
    return {
      round: roundToAbort(memberState(this.member).view, epoch, announcement, this.member.now()),
      index: index as MemberIndex,
    };
  }

  /**
   * The round with its boxes opened; the first time, this member's report on it is made durable before anything else is
   * said about it. Throws `bad_proposal` when other contributions are shown than were reported on.
   */
  async open(
    announcement: Signed,
    certificates: readonly EpochCertificate[],
    signal: AbortSignal,
  ): Promise<OpenedViews> {
    const { cluster, round: number } = roundConfigMessage.decode(announcement.body);
    const key = roundKey(cluster, number);
    const held = this.kept.get(key);
    if (held && sameBytes(held.opened.round.configHash, configHash(announcement.body))) {
      held.usedAtMs = this.member.now();
      return held.opened;
    }
    const opened = await this.fetch(announcement, certificates, signal);
    try {
      const state = memberState(this.member);
      if (!state.rounds.get(key)?.report) {
        this.checkTime(opened.round);
        checkFresh(state, this.member.now());
      }
      this.member.store.journal.commit((state) => report(state, opened));
    } catch (error) {
      wipeSeeds(opened);
      throw error;
    }
    this.forget(key);
    this.kept.set(key, { opened, usedAtMs: this.member.now() });
    return opened;
  }

  /** Wipes what has not been asked for lately, and everything of these epochs. */
  sweep(erasedEpochs: readonly number[] = []): void {
    const before = this.member.now() - IDLE_MS;
    for (const [key, { opened, usedAtMs }] of this.kept) {
      if (usedAtMs < before || erasedEpochs.includes(opened.round.config.epoch)) this.forget(key);
    }
  }

  wipeAll(): void {
    for (const key of [...this.kept.keys()]) this.forget(key);
  }

  private async fetch(
    announcement: Signed,
    certificates: readonly EpochCertificate[],
    signal: AbortSignal,
  ): Promise<OpenedViews> {
    const { member } = this;
    const { round, index } = await this.verify(announcement, certificates, signal);
    const { config } = round;
    const { views, closing } = await sending('views', () =>
      member.contact.track(member.client.views(config.cluster, config.round, index, { signal })),
    );
    const startedMs = performance.now();
    const opened = openViews(round, index, secretsOf(member, config.epoch).kemSecret, views);
    try {
      checkClosing(opened, closing);
    } catch (error) {
      wipeSeeds(opened);
      throw error;
    }
    const seconds = (performance.now() - startedMs) / 1000 / Math.max(1, views.length);
    for (const seeds of opened.seeds) {
      if (seeds) member.metrics.contributionChecked(seconds);
      else member.metrics.contributionRefused('cannot_open', seconds);
    }
    member.log.info(
      { round: config.round, contributions: views.length, usable: opened.seeds.filter(Boolean).length },
      'contributions checked',
    );
    for (const [router, check] of opened.faults)
      member.log.warn({ round: config.round, router, check }, 'box cannot be used');
    return opened;
  }

  /**
   * The announcement under its epoch certificate, both verified under documents no older than its own. Throws what does
   * not hold.
   */
  private async verify(
    announcement: Signed,
    certificates: readonly EpochCertificate[],
    signal: AbortSignal,
  ): Promise<{ round: VerifiedRound; index: MemberIndex }> {
    const { member } = this;
    const config = roundConfigMessage.decode(announcement.body);
    const known = memberState(member).view;
    if (config.policy_version > known.policy.version || config.roster_version > known.roster.version)
      await member.fleet.refresh(signal);
    // A round in flight is judged by the documents it was announced under, also after newer ones have arrived.
    const view = namedView(memberState(member).view, config);
    const { verified, index } = ownEpoch(
      memberState(member),
      member.context,
      certificateFor(config, certificates),
      config.round_time_ms,
      view,
    );
    const round = verifyAnnouncement(memberState(member).view, verified, announcement);
    checkLimits(round, member.context.limits);
    member.standing.check(memberState(member).view, config.coordinator);
    return { round, index: index as MemberIndex };
  }

  /** A round that this member has not reported on yet must be of the present. Throws `policy`. */
  private checkTime({ config }: VerifiedRound): void {
    const { clock_tolerance_ms } = memberState(this.member).view.policy;
    const nowMs = this.member.now();
    if (
      config.round_time_ms > nowMs + clock_tolerance_ms ||
      config.deadline_ms < nowMs - clock_tolerance_ms - this.member.config.lateRoundMs
    ) {
      throw new SecaggError('policy', 'the times of the round are too far from this clock', {
        round: config.round,
        check: 'round.times',
      });
    }
  }

  private forget(key: string): void {
    const kept = this.kept.get(key);
    if (kept) wipeSeeds(kept.opened);
    this.kept.delete(key);
  }
}

function certificateFor(
  { epoch, epoch_hash, round }: RoundConfig,
  certificates: readonly EpochCertificate[],
): EpochCertificate {
  const certificate = certificates.find(({ body }) => sameBytes(epochHash(body), epoch_hash));
  if (!certificate) throw new SecaggError('wrong_epoch', `the certificate of epoch ${epoch} is not here`, { round });
  return certificate;
}
