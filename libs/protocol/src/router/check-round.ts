/** Checks an announced round before anything of it is charged or taken (docs/protocol.md, "Announcement"). */
import { type OpenRound, type RoundConfig, roundConfigMessage } from '@secagg/schema';
import { ensure, under } from '../checks/check';
import { isWithinReach, verifyEpoch } from '../epoch/verified-epoch';
import { certificateOf, checkClusterMember } from '../fleet/fleet-view';
import { checkFresh } from '../fleet/freshness';
import { checkLimits } from '../round/limits';
import { checkRoundTime, type VerifiedRound, verifyAnnouncement } from '../round/verified-round';
import { checkNoQuarantine } from './quarantine';
import { type RouterContext, type RouterState } from './state';
import { decideRoundCharge } from './charge';

/**
 * Checks an announced round against policy, this router's limits, its clock and what it has answered before.
 * Throws `stale_round` for a round number not above its highest, `stale_documents`, `wrong_epoch` below its highest
 * epoch, `policy`, `quarantined`, or `budget_exhausted`; a refusal changes nothing.
 */
export function checkRound(state: RouterState, context: RouterContext, open: OpenRound, nowMs: number): VerifiedRound {
  const config = roundConfigMessage.decode(open.announcement.body);
  checkUnanswered(state, config);
  checkFresh(state, nowMs);
  const { round_time_ms } = config;
  const round = verifyAnnouncement(
    state.view,
    verifyEpoch(state.view, open.epoch_certificate, round_time_ms),
    open.announcement,
  );
  // Its own newest policy binds a router at once, also for rounds announced just before.
  ensure(
    'fleet.newest',
    round.view === state.view,
    'policy',
    'made under a policy or roster older than the newest known',
    { round: config.round },
  );
  checkSinceRestored(state, round);
  checkRoundTime(state.view, round, nowMs);
  const { id } = context.identity;
  under('header.certificate', () => certificateOf(state.view, id, 'router', round_time_ms));
  under('header.cluster', () => checkClusterMember(round.policy, id));
  const { limits } = context;
  const { unit } = round.config.privacy;
  ensure(
    'limits.privacy_unit',
    unit === limits.privacyUnit,
    'policy',
    `round ${config.round}: privacy unit ${unit} instead of ${limits.privacyUnit}`,
    { round: config.round },
  );
  checkLimits(round, limits);
  checkNoQuarantine(state, config);
  decideRoundCharge(state, context, round, nowMs);
  return round;
}

/**
 * Throws `stale_round` for a round number not above the highest answered, `wrong_epoch` below the highest epoch seen.
 */
export function checkUnanswered(
  state: RouterState,
  { cluster, round, epoch }: Pick<RoundConfig, 'cluster' | 'round' | 'epoch'>,
): void {
  const highest = state.highestRound.get(cluster) ?? 0;
  ensure('round.once', round > highest, 'stale_round', `round ${round} is not above the highest answered`, { round });
  ensure(
    'round.once',
    isWithinReach(round, highest),
    'policy',
    `round ${round} is too far above the highest answered`,
    { round },
  );
  ensure(
    'epoch.newer',
    isWithinReach(epoch, state.highestEpoch),
    'policy',
    `epoch ${epoch} is too far above the highest seen`,
    { round },
  );
  ensure('epoch.not_older', epoch >= state.highestEpoch, 'wrong_epoch', `epoch ${epoch} is below the highest seen`, {
    round,
  });
}

/**
 * A router that comes back from a backup has forgotten what it answered since: it sits out every round that was
 * announced before it came back, by either clock. A number that is announced once more after that gives a coordinator
 * nothing: the committee decides one configuration of it, and the ledger is charged for both.
 */
function checkSinceRestored({ restoredAtMs, view }: RouterState, { config }: VerifiedRound): void {
  const since = restoredAtMs === undefined || config.round_time_ms > restoredAtMs + view.policy.clock_tolerance_ms;
  ensure(
    'round.since_restored',
    since,
    'stale_round',
    `round ${config.round} was announced before this router came back from a backup: it may have answered it`,
    { round: config.round },
  );
}
