/** Goes on above the numbers that a lost state may have used (docs/protocol.md, "Numbers and backups"). */
import { identityPublicKey } from '@secagg/crypto';
import { type AbortReason, roundConfigMessage, SecaggError, type Signed } from '@secagg/schema';
import { openDocument } from '../wire/documents';
import { MAX_NUMBER_GAP } from '../epoch/verified-epoch';
import { type Step } from '../role';
import { type CoordinatorContext, type CoordinatorEvent, type CoordinatorState } from './state';
import { highestRoundNumber, nextEpochNumber, ROUND_BURST, ROUND_INTERVAL_MS } from './numbering';

/** Covers rounding and small steps of the clock. */
const MARGIN = 16;

/**
 * Parties follow numbers up to {@link MAX_NUMBER_GAP} above those they know; a few may not have seen the newest ones.
 */
const LONGEST_SKIP = MAX_NUMBER_GAP - 2 ** 14;

/** What is known of the backup that a state comes from. */
export interface RestoredFrom {
  /** When the backup was made; undefined when that is not known. */
  readonly madeAtMs?: number;
  /** What its operator states: how many rounds a cluster has had at most since then, and how many epochs there were. */
  readonly assumedNumbers?: number;
}

/**
 * To be committed before anything else by a coordinator whose state comes from a backup. Its next numbers are above
 * those it may have used since; rounds of which the lost state may have signed more than this one knows are put to an
 * abort vote. Throws `unavailable` when the clock cannot be right, or the backup is too old to be sure without its
 * operator's word.
 */
export function resumeFromBackup(state: CoordinatorState, from: RestoredFrom, nowMs: number): Step<CoordinatorEvent> {
  const skip = from.assumedNumbers ?? mostSince(from.madeAtMs ?? latestTimeOf(state), nowMs);
  return resumeAbove(state, skip, nowMs);
}

/**
 * An announcement that somebody shows this coordinator, with its own signature. One of a round that its state knows
 * nothing of proves that the state is older than what it has signed, however it came into its place: it goes on above
 * that then, as after a backup. Throws `bad_signature` for what it has not signed.
 */
export function learnOfAnnouncement(
  state: CoordinatorState,
  { identity }: Pick<CoordinatorContext, 'identity'>,
  announcement: Signed,
  nowMs: number,
): Step<CoordinatorEvent> {
  const key = identityPublicKey(identity.secretKey);
  const { cluster, round, epoch, coordinator, round_time_ms } = openDocument(
    roundConfigMessage,
    state.view.fleet,
    announcement,
    key,
    'this coordinator',
  );
  if (coordinator !== identity.id)
    throw new SecaggError('bad_signature', 'the announcement is of another coordinator', { round });
  if (round <= highestRoundNumber(state, cluster)) return { events: [], reply: undefined };
  const since = longestSkipSince(round_time_ms, nowMs);
  const shown = { cluster, round: round + since, epoch: epoch + since };
  return resumeAbove(state, longestSkipSince(latestTimeOf(state), nowMs), nowMs, shown);
}

/** @param shown numbers to go above at least */
function resumeAbove(
  state: CoordinatorState,
  skip: number,
  nowMs: number,
  shown?: { readonly cluster: string; readonly round: number; readonly epoch: number },
): Step<CoordinatorEvent> {
  const { latestRound, numbering } = state;
  const numbers = new Map<string, number>();
  for (const cluster of [...latestRound.keys(), ...numbering.skippedTo.keys()])
    numbers.set(cluster, highestRoundNumber(state, cluster) + skip);
  if (shown) numbers.set(shown.cluster, Math.max(shown.round, highestRoundNumber(state, shown.cluster) + skip));
  const events: CoordinatorEvent[] = [
    {
      type: 'restored',
      atMs: nowMs,
      rounds: [...numbers],
      otherRounds: numbering.skipped + skip,
      epochs: Math.max(nextEpochNumber(state) - 1 + skip, shown?.epoch ?? 0),
    },
  ];
  for (const [key, { phase }] of state.rounds) {
    // Receipts and the proposal are still to be signed in these: the lost state may have signed others. In later phases
    // the coordinator signs nothing more.
    if (phase === 'collecting' || phase === 'checking') events.push({ type: 'abort-proposed', key, reason: RESTORED });
  }
  return { events, reply: undefined };
}

const RESTORED: AbortReason = 'coordinator_restored';

function mostSince(madeAtMs: number, nowMs: number): number {
  const state = 'or state how many rounds a cluster has had at most since (secagg restore --assume-rounds)';
  if (nowMs < madeAtMs)
    throw new SecaggError(
      'unavailable',
      `the clock (${iso(nowMs)}) is behind the backup (${iso(madeAtMs)}), so the numbers used since are not known: set it, ${state}`,
      { restored: true },
    );
  const skip = skipSince(madeAtMs, nowMs);
  if (skip > LONGEST_SKIP)
    throw new SecaggError(
      'unavailable',
      `the backup (${iso(madeAtMs)}) is too old to tell which numbers were used since: restore a newer one, ${state}`,
      { restored: true },
    );
  return skip;
}

/** As many numbers as there can have been since, or as many as parties follow where that cannot be told. */
const longestSkipSince = (fromMs: number, nowMs: number): number =>
  nowMs < fromMs ? LONGEST_SKIP : Math.min(LONGEST_SKIP, skipSince(fromMs, nowMs));

const skipSince = (fromMs: number, nowMs: number): number =>
  ROUND_BURST + Math.ceil((nowMs - fromMs) / ROUND_INTERVAL_MS) + MARGIN;

const iso = (ms: number): string => new Date(ms).toISOString();

/** A time that the state was not yet brought back at: the latest one in it. */
function latestTimeOf({ view, rounds }: CoordinatorState): number {
  const times = [...rounds.values()].flatMap(({ verified: round, closedAtMs, decidedAtMs }) => [
    round.config.round_time_ms,
    closedAtMs ?? 0,
    decidedAtMs ?? 0,
  ]);
  return times.reduce((a, b) => Math.max(a, b), Math.max(view.policy.issued_at_ms, view.roster.issued_at_ms));
}
