/** A router's part in a round: check the announcement, charge, contribute, keep the receipt, settle (docs/protocol.md, "Announcement" and "Contribution"). */
import { decideCharge, decideCorrection, decideRelease, type LedgerEvent } from '@secagg/dp-noise';
import {
  type Bytes,
  type Decision,
  type OpenRound,
  type RandomBytes,
  receiptMessage,
  type RoundConfig,
  roundConfigMessage,
  SecaggError,
  type Signed,
  type Transcript,
} from '@secagg/schema';
import { type AuditedRound } from '../result/audited-round';
import { auditTranscript } from '../auditor/audit-round';
import { ensure, refuse, under } from '../checks/check';
import { hex, sameBytes } from '../wire/bytes';
import { openDocument } from '../wire/documents';
import { deriveEpoch, isWithinReach, verifyEpoch } from '../epoch/verified-epoch';
import { certificateOf, checkClusterMember, type FleetView } from '../fleet/fleet-view';
import { effectiveBudget } from '../round/budget';
import { checkFresh } from '../fleet/freshness';
import { verifyDecision } from '../round/decision';
import { checkLimits } from '../round/limits';
import { chargeEndMs, withNoise, worstCaseUnits } from '../round/privacy';
import {
  checkRoundTime,
  configHash,
  deriveRound,
  roundKey,
  type VerifiedRound,
  verifyAnnouncement,
} from '../round/verified-round';
import { type Step } from '../role';
import { type BuiltContribution, prepareContribution } from './contribution';
import { isHonoured } from './honoured';
import { checkNoQuarantine } from './quarantine';
import { type Participation, type RouterContext, type RouterEvent, type RouterState } from './state';

/**
 * Checks an announced round against policy, this router's limits, its clock and what it has answered before.
 * Throws `stale_round` for a round number not above its highest, `stale_documents`, `wrong_epoch` below its highest epoch, `policy`, `quarantined`, or
 * `budget_exhausted`; a refusal changes nothing.
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

/** Throws `stale_round` for a round number not above the highest answered, `wrong_epoch` below the highest epoch seen. */
function checkUnanswered(
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
 * A router that comes back from a backup has forgotten what it answered since: it sits out every round that was announced before it
 * came back, by either clock. A number that is announced once more after that gives a coordinator nothing: the committee decides one
 * configuration of it, and the ledger is charged for both.
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

/** The charge for a round at its worst case, or undefined for one without noise. Throws `budget_exhausted`, `stale_round`. */
function decideRoundCharge(
  state: RouterState,
  context: RouterContext,
  round: VerifiedRound,
  nowMs: number,
  carriedUnits = 0,
): LedgerEvent | undefined {
  if (!withNoise(round.config)) return undefined;
  const request = {
    cluster: round.config.cluster,
    round: round.config.round,
    configHash: hex(round.configHash),
    units: worstCaseUnits(round.config),
    carriedUnits,
    endMs: chargeEndMs(round.epoch.epoch),
  };
  const decision = decideCharge(state.ledger, effectiveBudget(context.limits, round.policy), request, nowMs);
  if (decision.outcome === 'charged') return decision.event;
  const { round: number } = round.config;
  if (decision.outcome === 'already_charged' || decision.code !== 'budget_exhausted') {
    const code = decision.outcome === 'already_charged' ? 'stale_round' : decision.code;
    return refuse('ledger.once', code, `round ${number} is not above those charged already`, { round: number });
  }
  const { availableAtMs, remainingUnits } = decision;
  if (carriedUnits > 0 && remainingUnits >= request.units)
    throw new SecaggError('budget_exhausted', `a request in round ${number} has been charged too much before`, {
      round: number,
      check: 'limits.request',
      carriedUnits,
    });
  const until =
    availableAtMs === null ? '' : `; the window gives budget back at ${new Date(availableAtMs).toISOString()}`;
  throw new SecaggError('budget_exhausted', `round ${number} does not fit the privacy budget${until}`, {
    round: number,
    check: 'limits.budget',
    availableAtMs,
    remainingUnits,
  });
}

/** Builds the contribution to a checked round and records it: see `prepareContribution` and {@link recordContribution}. */
export function contribute(
  state: RouterState,
  context: RouterContext,
  round: VerifiedRound,
  vector: Float64Array,
  random: RandomBytes,
  nowMs: number,
  carriedUnits = 0,
): Step<RouterEvent, Bytes> {
  const built = prepareContribution(round, context.identity, vector, random, nowMs);
  return recordContribution(state, context, round, built, nowMs, carriedUnits);
}

/**
 * Charges for a contribution to a checked round. The event (charge and bytes) must be durable before the bytes are sent; they are sent again,
 * unchanged, until a receipt arrives. Throws `stale_round` or `wrong_epoch` when another configuration of the round was answered since the
 * check, and what charging throws.
 * @param carriedUnits the most that a request in it has been charged before, by rounds that may have published it
 */
export function recordContribution(
  state: RouterState,
  context: RouterContext,
  round: VerifiedRound,
  { bytes, headerHash }: BuiltContribution,
  nowMs: number,
  carriedUnits = 0,
): Step<RouterEvent, Bytes> {
  // Rounds are checked long before they are answered; without noise the ledger would not notice a second configuration.
  checkUnanswered(state, round.config);
  const charge = decideRoundCharge(state, context, round, nowMs, carriedUnits);
  const { cluster, round: number, epoch } = round.config;
  const events: RouterEvent[] = [
    { type: 'epoch-seen', epoch },
    {
      type: 'contribution-prepared',
      key: roundKey(cluster, number),
      cluster,
      round: number,
      announcement: round.announcement,
      epochCertificate: round.epoch.certificate,
      headerHash,
      bytes,
      ...(charge ? { charge } : {}),
    },
  ];
  return { events, reply: bytes };
}

/** Verifies the coordinator's receipt for what was sent. Throws `bad_signature` or `wrong_config`. */
export function receiveReceipt(
  state: RouterState,
  context: RouterContext,
  key: string,
  signed: Signed,
): Step<RouterEvent, undefined> {
  const participation = participationOf(state, key);
  const config = roundConfigMessage.decode(participation.announcement.body);
  // Under the roster the round was announced under, as everybody would check it that it is shown to.
  const coordinator = certificateOf(
    answeredRound(state.view, participation).view,
    config.coordinator,
    'coordinator',
    config.round_time_ms,
  );
  const receipt = openDocument(receiptMessage, state.view.fleet, signed, coordinator.public_key, config.coordinator);
  // Every field: a receipt is worth what it proves later.
  const matches =
    receipt.router === context.identity.id &&
    receipt.fleet === config.fleet &&
    receipt.cluster === config.cluster &&
    receipt.round === config.round &&
    receipt.coordinator === config.coordinator &&
    sameBytes(receipt.config_hash, configHash(participation.announcement.body)) &&
    sameBytes(receipt.header_hash, participation.headerHash);
  if (!matches) throw new SecaggError('wrong_config', 'the receipt is for something else', { round: config.round });
  return { events: [{ type: 'receipt-received', key, receipt: signed }], reply: undefined };
}

export interface SettledRound {
  readonly outcome: 'included' | 'left_out';
  readonly audited: AuditedRound;
  /** A receipt was given but the contribution is missing and no published report explains it: evidence against the coordinator. */
  readonly receiptNotHonoured: boolean;
}

/**
 * Verifies a published round in full and settles this router's part in it: the charge is corrected to the actual set, or
 * released when the contribution was left out. Throws when the transcript does not verify; nothing is settled then.
 */
export function settlePublished(
  state: RouterState,
  key: string,
  transcript: Transcript,
  nowMs: number,
): Step<RouterEvent, SettledRound> {
  const participation = participationOf(state, key);
  const sameRound = sameBytes(transcript.announcement.body, participation.announcement.body);
  ensure(
    'transcript.same_round',
    sameRound,
    'wrong_config',
    'the published round is another configuration than the one answered',
  );
  const audited = auditTranscript(state.view.authorityKey, transcript);
  if (audited.kind !== 'opened') throw new SecaggError('no_decision', 'the published round was aborted');
  const included = audited.set.groups.some((group) =>
    group.members.some((entry) => sameBytes(entry.hash, participation.headerHash)),
  );
  const listed = transcript.contributions.some((entry) =>
    sameBytes(audited.hashOf(entry.header), participation.headerHash),
  );
  const outcome = included ? 'included' : 'left_out';
  const events: RouterEvent[] = isSettled(participation)
    ? []
    : [{ type: 'round-settled', key, outcome, ...ledgerPart(settlement(state, audited, included, nowMs)) }];
  return { events, reply: { outcome, audited, receiptNotHonoured: !isHonoured(participation.receipt, listed) } };
}

function settlement(
  state: RouterState,
  audited: Extract<AuditedRound, { kind: 'opened' }>,
  included: boolean,
  nowMs: number,
): LedgerEvent | undefined {
  const { config, configHash } = audited.round;
  const key = { cluster: config.cluster, round: config.round, configHash: hex(configHash) };
  const decision = included
    ? decideCorrection(state.ledger, key, audited.cost.units, nowMs)
    : decideRelease(state.ledger, key, nowMs);
  return decision.outcome === 'settled' ? decision.event : undefined;
}

const ledgerPart = (ledger: LedgerEvent | undefined) => (ledger ? { ledger } : {});

/** Takes observations back and releases the charge on a quorum's abort decision, and on nothing less. */
export function settleAborted(
  state: RouterState,
  key: string,
  decision: Decision,
  nowMs: number,
): Step<RouterEvent, undefined> {
  const participation = participationOf(state, key);
  if (isSettled(participation)) return { events: [], reply: undefined };
  const round = answeredRound(state.view, participation);
  const isAbort = verifyDecision(round, decision).body.kind === 'abort';
  ensure('decision.kind', isAbort, 'no_decision', 'the decision is not an abort', { round: round.config.round });
  const released = decideRelease(
    state.ledger,
    { cluster: round.config.cluster, round: round.config.round, configHash: hex(round.configHash) },
    nowMs,
  );
  const ledger = released.outcome === 'settled' ? released.event : undefined;
  return { events: [{ type: 'round-settled', key, outcome: 'aborted', ...ledgerPart(ledger) }], reply: undefined };
}

/** An outcome that is shown after all takes the place of none. */
const isSettled = ({ outcome }: Participation): boolean => outcome !== undefined && outcome !== 'undecided';

/** The round this router answered, as it checked it then. */
export const answeredRound = (view: FleetView, participation: Participation): VerifiedRound =>
  deriveRound(view, deriveEpoch(participation.epochCertificate), participation.announcement);

function participationOf(state: RouterState, key: string): Participation {
  const participation = state.participations.get(key);
  if (!participation) throw new SecaggError('no_round', 'this router did not take part in the round');
  return participation;
}
