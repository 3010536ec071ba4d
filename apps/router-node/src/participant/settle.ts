/** The end of a round for this router: verified in full, then ledger, observations and aggregate change in one step. */
import {
  answeredRound,
  decisionProofOf,
  inclusionProof,
  listOfTranscript,
  namedView,
  ofRoundKey,
  type OpenedRound,
  proofOfRound,
  publishedResult,
  roundEvidence,
  roundKey,
  settleAborted,
  settlePublished,
  verifyDecision,
  observeRound as verifyObserved,
} from '@secagg/protocol';
import { type PublishedSignal } from '@secagg/client';
import { type Decision, roundConfigMessage, SecaggError, type Transcript, type VoteBody } from '@secagg/schema';
import { type KnownRound } from '../store/round-history';
import { failpoint, sending } from '../failpoint';
import { showBudget } from './budget';
import { checkOneDecision } from './one-decision';
import { evidenceOf, raiseAlarm } from './receipt-alarm';
import { type Router, stateOf } from './router';

/**
 * Fetches and verifies a published round that this router took part in. Throws, and settles nothing, when it does not
 * verify.
 */
export async function settleFromTranscript(router: Router, key: string, signal: AbortSignal): Promise<void> {
  const { store, log } = router;
  const { cluster, round } = configOf(router, key);
  const transcript = await sending('transcript', () =>
    router.contact.track(router.client.transcript(cluster, round, { signal })),
  );
  await store.unlocked();
  const { events, reply } = settlePublished(stateOf(router), key, transcript, router.now());
  const { audited } = reply;
  if (audited.kind !== 'opened') throw new SecaggError('no_decision', 'the published round was aborted', { round });
  checkOneDecision(router, key, transcript.decision.body);
  const aggregate = published(router, audited);
  const evidence = reply.receiptNotHonoured ? evidenceIn(router, key, transcript) : undefined;
  let isNew = false;
  let known: KnownRound | undefined;
  store.journal.append(events, () => {
    router.releases.end(key, reply.outcome === 'included' ? 'published' : 'unused');
    known = keepResult(router, audited, aggregate, reply.outcome === 'included');
    store.budgetHistory.record(events);
    store.decided.put(key, decisionProofOf(transcript), router.now());
    isNew = evidence !== undefined && store.evidence.put(key, evidence.receipt, evidence.message, router.now());
  });
  verified(router, audited, aggregate, known);
  log.info({ round, outcome: reply.outcome, participants: aggregate.signal.participant_count }, 'round verified');
  if (isNew) raiseAlarm(router, cluster, round);
}

/** The record of the round holds all that proves that a receipt was not honoured. */
function evidenceIn(router: Router, key: string, transcript: Transcript) {
  const receipt = stateOf(router).participations.get(key)?.receipt;
  if (!receipt) return undefined;
  try {
    const { standing } = inclusionProof(listOfTranscript(transcript), router.context.identity.id);
    return { receipt, message: evidenceOf(router, receipt, transcript, standing) };
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    // A receipt that proves nothing must not keep the round from being settled.
    router.metrics.receiptNotHonoured(ofRoundKey(key).cluster);
    router.log.error(
      { ...ofRoundKey(key), code: error.code, detail: error.message },
      'the coordinator left out what it had acknowledged, and its receipt does not prove it',
    );
    return undefined;
  }
}

/** Takes observations and charge back on an abort decision, and on nothing less. */
export function settleFromAbort(router: Router, key: string, decision: Decision): void {
  const { store } = router;
  const { view, participations } = stateOf(router);
  const { events } = settleAborted(stateOf(router), key, decision, router.now());
  const participation = participations.get(key);
  if (!participation || events.length === 0) return;
  const round = answeredRound(view, participation);
  const verified = verifyDecision(round, decision);
  checkOneDecision(router, key, decision.body);
  const documents = namedView(view, round.config)?.documents;
  store.journal.append(events, () => {
    router.releases.end(key, 'unused');
    if (documents) store.decided.put(key, proofOfRound(documents, round, verified), router.now());
    store.budgetHistory.record(events);
  });
  afterAbort(router, verified.body);
}

/** Tells the operator. */
export function afterAbort(router: Router, vote: VoteBody): void {
  showBudget(router);
  const reason = vote.kind === 'abort' ? vote.reason : 'no_valid_proposal';
  router.metrics.roundFailed(
    reason === 'insufficient_participants' || reason === 'policy' ? reason : 'committee_unavailable',
  );
  router.log.info({ round: vote.round, reason }, 'round aborted: the observations wait for the next one');
}

/**
 * Verifies and keeps the aggregate of a round that this router has not taken part in. Throws what does not hold of it.
 */
export async function observeRound(router: Router, cluster: string, round: number, signal: AbortSignal): Promise<void> {
  const transcript = await sending('transcript', () =>
    router.contact.track(router.client.transcript(cluster, round, { signal })),
  );
  const { coordinator, policy_version, roster_version } = roundConfigMessage.decode(transcript.announcement.body);
  const { view } = stateOf(router);
  if (policy_version > view.policy.version || roster_version > view.roster.version) await router.fleet.refresh(signal);
  router.standing.check(stateOf(router).view, coordinator);
  await router.store.unlocked();
  const held = router.store.aggregates.latest(cluster)?.round ?? 0;
  const audited = verifyObserved(stateOf(router), transcript, { cluster, round }, held, router.now());
  if (audited.kind !== 'opened') return;
  const aggregate = published(router, audited);
  failpoint('before-durable:aggregate-observed');
  const known = router.store.transaction(() => {
    const kept = keepResult(router, audited, aggregate, false);
    router.store.decided.put(roundKey(cluster, round), decisionProofOf(transcript), router.now());
    failpoint('in-durable:aggregate-observed');
    return kept;
  });
  failpoint('after-durable:aggregate-observed');
  verified(router, audited, aggregate, known);
  router.log.info({ round, participants: aggregate.signal.participant_count }, 'round verified, without taking part');
}

/** @returns what priors are made from */
function keepResult(
  { store, now }: Router,
  audited: OpenedRound,
  aggregate: PublishedSignal,
  isOurs: boolean,
): KnownRound | undefined {
  const { config } = audited.round;
  store.aggregates.put(config.cluster, config, aggregate);
  const evidence = roundEvidence(audited, aggregate);
  if (!evidence) return undefined;
  const known = { ...evidence, isOurs };
  store.history.put(known, now());
  return known;
}

const configOf = (router: Router, key: string) => {
  const participation = stateOf(router).participations.get(key);
  if (!participation) throw new SecaggError('no_round', 'this router did not take part in the round');
  return roundConfigMessage.decode(participation.announcement.body);
};

const published = (router: Router, audited: OpenedRound): PublishedSignal => {
  const result = publishedResult(audited);
  return {
    ...result,
    withheld: [...result.withheld],
    participants: [...result.participants],
    left_out: [...result.left_out],
    verified_at: new Date(router.now()).toISOString(),
  };
};

function verified(
  router: Router,
  audited: OpenedRound,
  { implausible }: PublishedSignal,
  known: KnownRound | undefined,
): void {
  const { cluster, round_time_ms: announcedMs } = audited.round.config;
  if (known) router.priors.learn(known);
  if (implausible) {
    router.metrics.roundImplausible(cluster);
    router.log.error(
      { round: audited.round.config.round, implausible },
      'no honest fleet can have produced the result of the round: the last usable one stays',
    );
  }
  const participants = audited.set.groups.reduce((sum, group) => sum + group.members.length, 0);
  router.metrics.roundVerified(cluster, Math.max(0, router.now() - announcedMs) / 1000, participants);
  showBudget(router);
}
