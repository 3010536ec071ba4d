/** A round at the coordinator: announce, collect, close, and what time brings on (docs/protocol.md, "Announcement", "Collecting" and "Deciding"). */
import { type CiphertextSum, WordSum } from '@secagg/crypto';
import {
  type AbortReason,
  abortRequestMessage,
  type Bytes,
  type PartyId,
  proposalMessage,
  quarantineMessage,
  type QuarantineNotice,
  type Receipt,
  receiptMessage,
  SecaggError,
  type Signed,
  signedMessage,
} from '@secagg/schema';
import { sameBytes } from '../wire/bytes';
import { signDocument } from '../wire/documents';
import { refuse } from '../checks/check';
import { refuseSecond } from '../evidence/refuse-second';
import { checkFresh } from '../fleet/freshness';
import { type CheckedHeader, deriveSet } from '../round/contribution-set';
import { areEnoughGroups, reachesMinimum } from '../round/thresholds';
import { inRound, roundKey, type VerifiedRound } from '../round/verified-round';
import { type Step } from '../role';
import { acceptedParts, checkContribution, type CheckedContribution } from './check-contribution';
import { epochInForce } from './epochs';
import { checkBudget } from './ledger';
import { nextRoundNumber } from './numbering';
import { canAbort } from './open-votes';
import { decidedPieces, resolvedWords } from './pieces';
import { planRound, type RoundPlan } from './plan-round';
import { checkStanding } from './standing';
import {
  type CoordinatorContext,
  type CoordinatorEvent,
  type CoordinatorState,
  roundOf,
  type RoundState,
} from './state';

/**
 * Announces the next round of a cluster. Throws `committee_unavailable` without an epoch, `round_open` while another round of the cluster takes
 * contributions, `policy` for a plan below policy, `overloaded` for more rounds than the rate allows, `stale_documents`.
 * @param beside announces it beside an open one: the routers' data is spread over both, and each costs
 */
export function announceRound(
  state: CoordinatorState,
  context: CoordinatorContext,
  plan: Omit<RoundPlan, 'round'>,
  nowMs: number,
  beside = false,
): Step<CoordinatorEvent, Signed> {
  checkFresh(state, nowMs);
  if (!beside) checkNoneOpen(state, plan.cluster);
  const epoch = epochInForce(state, nowMs);
  if (!epoch) throw new SecaggError('committee_unavailable', 'no epoch is in force');
  const number = nextRoundNumber(state, plan.cluster, nowMs);
  const round = planRound(state.view, epoch, context.identity, { ...plan, round: number as RoundPlan['round'] }, nowMs);
  checkBudget(state, round, nowMs);
  return { events: [{ type: 'round-announced', announcement: round.announcement }], reply: round.announcement };
}

function checkNoneOpen({ rounds }: CoordinatorState, cluster: string): void {
  const open = [...rounds.values()].find(
    ({ phase, round }) => phase === 'collecting' && round.config.cluster === cluster,
  );
  if (!open) return;
  const { round, deadline_ms } = open.round.config;
  const deadline = new Date(deadline_ms).toISOString();
  throw new SecaggError('round_open', `round ${round} of the cluster takes contributions until ${deadline}`, {
    round,
    deadline,
  });
}

/** What is known of a round's contributions that the state does not have: they are accepted outside the journal until the round closes. */
export interface AcceptedElsewhere {
  /** The contribution of this router that is held. */
  readonly held?: CheckedHeader;
  /** How many contributions there are. */
  readonly count?: number;
}

/**
 * Checks a contribution. The receipt may be sent once the event is durable. The identical contribution again gets the same
 * receipt without a new event, also after the close. Refusals throw with their code and change nothing.
 * @param contribution what {@link checkContribution} found in these bytes, where that was done before under the same view
 */
export function receiveContribution(
  state: CoordinatorState,
  context: CoordinatorContext,
  key: string,
  bytes: Bytes,
  contribution: CheckedContribution = checkContribution(state.view, roundOf(state, key).round, bytes),
  elsewhere: AcceptedElsewhere = {},
): Step<CoordinatorEvent, Signed> {
  const round = roundOf(state, key);
  const { checked } = contribution;
  const { router } = checked.header;
  const held = round.accepted.get(router) ?? elsewhere.held;
  const { config, configHash } = round.round;
  const receipt = (): Signed => {
    const body: Receipt = {
      v: 1,
      fleet: config.fleet,
      cluster: config.cluster,
      round: config.round,
      config_hash: configHash,
      router,
      coordinator: context.identity.id,
      header_hash: checked.hash,
    };
    return signDocument(receiptMessage, config.fleet, body, context.identity.secretKey);
  };
  if (held) {
    if (sameBytes(held.hash, checked.hash)) return { events: [], reply: receipt() };
    refuseSecond(
      'headers.order',
      round.round.view,
      { kind: 'two-contributions', party: router, statements: [held.signed, checked.signed] },
      {
        code: 'duplicate',
        message: `another contribution of ${router} is held`,
        details: { round: config.round },
      },
    );
  }
  checkStanding(state, router);
  if (round.phase !== 'collecting')
    throw new SecaggError('stale_round', 'the round is closed', { party: router, round: config.round });
  if ((elsewhere.count ?? round.accepted.size) >= config.max_participants)
    throw new SecaggError('round_full', 'the round is full', { party: router, round: config.round });
  checkQuarantine(context, round.round, router);
  return { events: [{ type: 'contribution-accepted', key, router, bytes, checked: contribution }], reply: receipt() };
}

/**
 * Throws `quarantined` with the last round that is refused, also as a signed notice: an unsigned word would keep nobody away. What was accepted before
 * the quarantine began stays.
 */
function checkQuarantine(
  { identity, quarantinedUntil }: CoordinatorContext,
  { config, configHash }: VerifiedRound,
  router: PartyId,
): void {
  const { fleet, cluster, round } = config;
  const untilRound = quarantinedUntil?.(cluster, router);
  if (untilRound === undefined || round > untilRound) return;
  const notice: QuarantineNotice = {
    v: 1,
    fleet,
    cluster,
    round,
    config_hash: configHash,
    router,
    coordinator: identity.id,
    until_round: untilRound as QuarantineNotice['until_round'],
  };
  const signed = signedMessage.encode(signDocument(quarantineMessage, fleet, notice, identity.secretKey));
  refuse('standing.quarantine', 'quarantined', `${router} is in quarantine in this cluster until round ${untilRound}`, {
    party: router,
    round,
    untilRound,
    notice: Buffer.from(signed).toString('base64'),
  });
}

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
      if (isAhead(round, round.round.config.round_time_ms, nowMs))
        return [
          { type: 'round-closed', key, atMs: nowMs },
          { type: 'abort-proposed', key, reason: 'no_valid_proposal' },
          { type: 'round-undecided', key },
        ];
      return nowMs >= round.round.config.deadline_ms || accepted >= round.round.config.max_participants
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

/** Whether something was done while the clock was ahead. Members do not speak about a round of then, and its times would not come for long. */
const isAhead = ({ round }: RoundState, atMs: number, nowMs: number): boolean =>
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
  const enough = [...perGroup.values()].filter((size) => reachesMinimum(round.round, size)).length;
  // Without enough contributions nobody needs to check any of them.
  if (!areEnoughGroups(round.round, enough)) return [closed, abort(round, context, 'insufficient_participants', nowMs)];
  return [closed];
}

function abort(
  { round }: RoundState,
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
  const { config, epoch } = round.round;
  const waited = waitedMs(round, nowMs);
  const all = round.reports.size === epoch.size;
  const needed = Math.max(epoch.usableThreshold, epoch.quorum);
  if (!all && (round.reports.size < needed || waited < context.timings.reportGraceMs)) {
    return waited >= context.timings.proposalTimeoutMs ? [abort(round, context, 'no_valid_proposal', nowMs)] : [];
  }
  const reports = [...round.reports.values()].sort((a, b) => a.report.member - b.report.member);
  const set = deriveSet(
    round.round,
    round.headers,
    reports.map((entry) => entry.report),
  );
  if (!areEnoughGroups(round.round, set.groups.length))
    return [abort(round, context, 'insufficient_participants', nowMs)];
  const proposal = signDocument(
    proposalMessage,
    config.fleet,
    { ...inRound(round.round), reports: reports.map((entry) => entry.signed) },
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
  const { not_after_ms } = round.round.epoch.epoch;
  return nowMs > not_after_ms + context.timings.undecidedTimeoutMs ? [{ type: 'round-undecided', key }] : undefined;
}

const publish = (round: RoundState, context: CoordinatorContext, key: string): CoordinatorEvent[] =>
  !round.sums || !isOpenable(round) ? [] : [published(round, context, key, round.sums)];

/** Whether a round was decided for opening and every piece sum that takes is there. */
export function isOpenable(round: RoundState): boolean {
  if (round.phase !== 'answering') return false;
  for (const { group, piece } of decidedPieces(round)) if (!resolvedWords(round, group, piece)) return false;
  return true;
}

/**
 * Opens a round whose ciphertexts were added up elsewhere; nothing while it cannot be opened.
 * @param sums of all accepted ciphertexts, per group
 */
export function publishRound(
  state: CoordinatorState,
  context: CoordinatorContext,
  key: string,
  sums: readonly CiphertextSum[],
): readonly CoordinatorEvent[] {
  const round = roundOf(state, key);
  return isOpenable(round) ? [published(round, context, key, sums)] : [];
}

const published = (
  round: RoundState,
  context: CoordinatorContext,
  key: string,
  sums: readonly CiphertextSum[],
): CoordinatorEvent => ({
  type: 'round-published',
  key,
  sums: openSums(round, sums, (router) => context.contribution(key, router)),
});

/** Per decided group: the sum of all accepted, less the ciphertexts that did not stay in, less the keystream sums of all pieces. */
function openSums(
  round: RoundState,
  sums: readonly CiphertextSum[],
  contribution: (router: PartyId) => Bytes,
): { group: number; words: Bytes }[] {
  const cipher = round.round.cipher();
  const set = (round.proposal as NonNullable<RoundState['proposal']>).set;
  return set.groups.map(({ group, members }) => {
    const sum = cipher.newSum();
    sum.addPacked(sums[group].toPacked());
    const kept = new Set(members.map((entry) => entry.header.router));
    for (const { header } of round.headers) {
      if (header.group === group && !kept.has(header.router))
        sum.subtractPacked(acceptedParts(contribution(header.router)).ciphertext);
    }
    const keystreams = new WordSum(cipher.keyDimension, cipher.keyBits);
    for (const piece of round.round.epoch.pieces) keystreams.addPacked(resolvedWords(round, group, piece) as Bytes);
    return { group, words: cipher.open(sum, keystreams, members.length) };
  });
}

/**
 * Whose turn it is to send missing pieces: it moves on to the next holder each time the grace for an answer has passed.
 */
export const answerTurn = (round: RoundState, context: CoordinatorContext, nowMs: number): number =>
  Math.floor(Math.abs(nowMs - (round.decidedAtMs ?? nowMs)) / context.timings.answerGraceMs);
