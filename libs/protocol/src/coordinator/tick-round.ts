/** What time brings on in a round: close, proposal, abort, giving up (docs/protocol.md, "States"). */
import { type AbortReason, abortRequestMessage, proposalMessage } from '@secagg/schema';
import { signDocument } from '../wire/documents';
import { deriveSet } from '../round/contribution-set';
import { areEnoughGroups, reachesMinimum } from '../round/thresholds';
import { inRound, roundKey } from '../round/verified-round';
import { canAbort } from './open-votes';
import {
  type CoordinatorContext,
  type CoordinatorEvent,
  type CoordinatorState,
  roundOf,
  type RoundState,
} from './state';
import { publish } from './publish-round';

/**
 * What time alone brings on in a round: the close, the proposal, an abort, giving up, the publication.
 * @param accepted how many contributions an open round has, where they are accepted outside the journal
 */
export function tickRound(
  state: CoordinatorState,
  context: CoordinatorContext,
  key: string,
  nowMs: number,
  accepted = roundOf(state, key).accepted.size,
): readonly CoordinatorEvent[] {
  const round = roundOf(state, key);
  switch (round.phase) {
    case 'collecting':
      if (isAhead(round, round.verified.config.round_time_ms, nowMs))
        return [
          { type: 'round-closed', key, atMs: nowMs },
          { type: 'abort-proposed', key, reason: 'no_valid_proposal' },
          { type: 'round-undecided', key },
        ];
      return nowMs >= round.verified.config.deadline_ms || accepted >= round.verified.config.max_participants
        ? closeRound(round, context, key, nowMs)
        : [];
    case 'checking':
      return proposeOrAbort(round, context, key, nowMs);
    case 'aborting':
      // One of an earlier release, or from before a restore, was not signed yet.
      if (round.abortReason && !round.abortRequest) return [abort(round, context, round.abortReason, nowMs)];
      return voteTimeouts(round, context, key, nowMs);
    case 'voting':
      return voteTimeouts(round, context, key, nowMs);
    case 'answering':
      return answeringTimeout(round, context, key, nowMs) ?? publish(round, context, key);
    default:
      return [];
  }
}

/**
 * Whether something was done while the clock was ahead. Members do not speak about a round of then, and its times would
 * not come for long.
 */
const isAhead = ({ verified: round }: RoundState, atMs: number, nowMs: number): boolean =>
  atMs > nowMs + round.view.policy.clock_tolerance_ms;

/** Time since the close; for ever, where that was done while the clock was ahead. */
function waitedMs(round: RoundState, nowMs: number): number {
  const { closedAtMs = nowMs } = round;
  return isAhead(round, closedAtMs, nowMs) ? Infinity : nowMs - closedAtMs;
}

function closeRound(round: RoundState, context: CoordinatorContext, key: string, nowMs: number): CoordinatorEvent[] {
  const closed: CoordinatorEvent = { type: 'round-closed', key, atMs: nowMs };
  const perGroup = new Map<number, number>();
  for (const { header } of round.accepted.values()) perGroup.set(header.group, (perGroup.get(header.group) ?? 0) + 1);
  const enough = [...perGroup.values()].filter((size) => reachesMinimum(round.verified, size)).length;
  // Without enough contributions nobody needs to check any of them.
  if (!areEnoughGroups(round.verified, enough))
    return [closed, abort(round, context, 'insufficient_participants', nowMs)];
  return [closed];
}

function abort(
  { verified: round }: RoundState,
  { identity }: CoordinatorContext,
  reason: AbortReason,
  nowMs: number,
): CoordinatorEvent {
  const { fleet, cluster, round: number } = round.config;
  const body = { ...inRound(round), reason, at_ms: nowMs };
  const request = signDocument(abortRequestMessage, fleet, body, identity.secretKey);
  return { type: 'abort-proposed', key: roundKey(cluster, number), reason, request };
}

function proposeOrAbort(
  round: RoundState,
  context: CoordinatorContext,
  key: string,
  nowMs: number,
): CoordinatorEvent[] {
  const { config, epoch } = round.verified;
  const waited = waitedMs(round, nowMs);
  const all = round.reports.size === epoch.size;
  const needed = Math.max(epoch.usableThreshold, epoch.quorum);
  if (!all && (round.reports.size < needed || waited < context.timings.reportGraceMs)) {
    return waited >= context.timings.proposalTimeoutMs ? [abort(round, context, 'no_valid_proposal', nowMs)] : [];
  }
  const reports = [...round.reports.values()].sort((a, b) => a.report.member - b.report.member);
  const set = deriveSet(
    round.verified,
    round.headers,
    reports.map((entry) => entry.report),
  );
  if (!areEnoughGroups(round.verified, set.groups.length))
    return [abort(round, context, 'insufficient_participants', nowMs)];
  const proposal = signDocument(
    proposalMessage,
    config.fleet,
    { ...inRound(round.verified), reports: reports.map((entry) => entry.signed) },
    context.identity.secretKey,
  );
  return [{ type: 'round-proposed', key, proposal }];
}

function voteTimeouts(round: RoundState, context: CoordinatorContext, key: string, nowMs: number): CoordinatorEvent[] {
  const waited = waitedMs(round, nowMs);
  if (waited >= context.timings.undecidedTimeoutMs) return [{ type: 'round-undecided', key }];
  // A proposal comes within the first timeout after the close; the second is for the votes.
  if (round.phase === 'voting' && waited >= 2 * context.timings.proposalTimeoutMs && canAbort(round))
    return [abort(round, context, 'no_valid_proposal', nowMs)];
  return [];
}

/** Once members have erased the secrets of an ended epoch nothing of it can be opened any more. */
function answeringTimeout(
  round: RoundState,
  context: CoordinatorContext,
  key: string,
  nowMs: number,
): CoordinatorEvent[] | undefined {
  const { not_after_ms } = round.verified.epoch.body;
  return nowMs > not_after_ms + context.timings.undecidedTimeoutMs ? [{ type: 'round-undecided', key }] : undefined;
}
