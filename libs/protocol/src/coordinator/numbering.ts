/**
 * Numbers that a coordinator signs for once (docs/protocol.md, "Numbers and backups"). A state that is brought back
 * from a backup does not know which numbers were used since. So that this can be bounded, rounds of a cluster are
 * announced at a bounded rate, and the restored coordinator goes on above the most that there can have been.
 */
import { type RoundConfig, SecaggError } from '@secagg/schema';
import { type CoordinatorEvent, type CoordinatorState } from './state';

/** Rounds of a cluster that may be announced at once after a pause; beyond these one a second. */
export const ROUND_BURST = 4096;

export const ROUND_INTERVAL_MS = 1000;

const BURST_MS = ROUND_BURST * ROUND_INTERVAL_MS;

/** The next round number of a cluster. Throws `overloaded` for more rounds than the rate allows. */
export function nextRoundNumber(state: CoordinatorState, cluster: string, nowMs: number): number {
  const { numbering } = state;
  const busyMs = numbering.busyUntilMs.get(cluster) ?? numbering.busyFromMs;
  // A bucket that is more than full tells of a clock that was set back: it counts as full from now on.
  const waitMs = busyMs > nowMs + BURST_MS ? 0 : busyMs + ROUND_INTERVAL_MS - BURST_MS - nowMs;
  if (waitMs > 0)
    throw new SecaggError(
      'overloaded',
      `a cluster has at most ${ROUND_BURST} rounds at once and one a second beyond these`,
      { retryAfterS: Math.ceil(waitMs / 1000) },
    );
  return highestRoundNumber(state, cluster) + 1;
}

/** The highest number of a cluster that this coordinator has used, or may have used before it was restored. */
export const highestRoundNumber = ({ latestRound, numbering }: CoordinatorState, cluster: string): number =>
  Math.max(latestRound.get(cluster) ?? 0, numbering.skippedTo.get(cluster) ?? numbering.skipped);

export const nextEpochNumber = (state: CoordinatorState): number =>
  Math.max(newestEpoch(state), state.numbering.epochsSkippedTo) + 1;

/** The highest epoch number in memory, complete or not; 0 without any. */
export function newestEpoch({ epochs }: CoordinatorState): number {
  let newest = 0;
  for (const number of epochs.keys()) newest = Math.max(newest, number);
  return newest;
}

/** Those that a snapshot has counted come back when the journal is replayed on top of it. */
export function countAnnounced(
  { latestRound, numbering }: CoordinatorState,
  { cluster, round, round_time_ms }: Pick<RoundConfig, 'cluster' | 'round' | 'round_time_ms'>,
): void {
  if (round <= (latestRound.get(cluster) ?? 0)) return;
  const busyMs = Math.max(numbering.busyUntilMs.get(cluster) ?? numbering.busyFromMs, round_time_ms);
  numbering.busyUntilMs.set(cluster, Math.min(busyMs + ROUND_INTERVAL_MS, round_time_ms + BURST_MS));
}

/**
 * Journals are replayed on top of a later snapshot, so that this may be applied to what came after it: nothing goes
 * backwards.
 */
export function applyRestored(
  { numbering, rounds }: CoordinatorState,
  event: Extract<CoordinatorEvent, { type: 'restored' }>,
): void {
  for (const [cluster, round] of event.rounds)
    numbering.skippedTo.set(cluster, Math.max(round, numbering.skippedTo.get(cluster) ?? 0));
  numbering.skipped = Math.max(numbering.skipped, event.otherRounds);
  numbering.epochsSkippedTo = Math.max(numbering.epochsSkippedTo, event.epochs);
  // Whoever is restored from the same backup later counts on it that no burst was left.
  const busyMs = event.atMs + BURST_MS;
  numbering.busyFromMs = Math.max(numbering.busyFromMs, busyMs);
  for (const [cluster, ms] of numbering.busyUntilMs) numbering.busyUntilMs.set(cluster, Math.max(ms, busyMs));
  numbering.restoredAtMs = event.atMs;
  // Members are asked again, and have the usual time for it.
  for (const round of rounds.values()) {
    round.closedAtMs = event.atMs;
    if (round.decidedAtMs !== undefined) round.decidedAtMs = event.atMs;
  }
}
