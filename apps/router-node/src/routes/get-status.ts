import { type RouterNodeStatus, routerNodeStatusSchema } from '@secagg/client';
import { defineOperation, json, jsonReply, type Operation, replyOf } from '@secagg/http';
import { documentsReport, type Participation, quarantinedUntil } from '@secagg/protocol';
import { voteBodyMessage } from '@secagg/schema';
import { type Member, memberState } from '../committee/member';
import { routerPrivacy } from '../participant/budget';
import { type StoreStatus } from '../observations/observation-store';
import { type Readiness } from '../fleet/readiness';
import { type Participant } from '../participant/participant';
import { type Router, stateOf } from '../participant/router';

const PARTICIPATIONS_SHOWN = 20;

export interface StatusSources {
  readonly router: Router;
  readonly participant: Participant;
  readonly readiness: Readiness;
  readonly member?: Member;
}

export const getStatus = (sources: StatusSources): Operation =>
  defineOperation({
    id: 'get-status',
    method: 'get',
    path: '/v1/status',
    summary: 'What this node knows of itself, for its own operator',
    replies: { 200: replyOf(json(routerNodeStatusSchema), 'Its rounds, ledger, seats and contact') },
    handle: async () => jsonReply(await statusOf(sources)),
  });

export async function statusOf({ router, participant, readiness, member }: StatusSources): Promise<RouterNodeStatus> {
  const { config, store, contact } = router;
  const held = await router.observations.status();
  const known = store.journal.hasBegun;
  return {
    id: config.id,
    fleet: known ? stateOf(router).view.fleet : null,
    cluster: config.cluster,
    not_ready: readiness.problems().map((each) => ({ ...each })),
    documents: documentsReport(router.fleet.known, router.now()),
    observations: { waiting: held.waiting, taken: held.taken },
    unlisted: { waiting: held.unlisted, full: held.isFullOfUnlisted, skipped: held.unlistedSkipped },
    participations: known ? participations(router, participant, held) : [],
    last_refusal: participant.lastRefusal ?? null,
    quarantine: known ? quarantine(router) : null,
    privacy: known ? routerPrivacy(router) : null,
    committee: member ? memberSeats(member) : null,
    missing_keys: held.missingKeys,
    names: { ...held.names },
    values: router.values.status(),
    receipts_not_honoured: store.evidence.list().map(({ roundKey, receipt, hasMessage }) => ({
      round: roundKey,
      receipt: Buffer.from(receipt).toString('base64'),
      evidence: hasMessage ? `/v1/evidence/receipt-not-honoured/${roundKey}` : null,
    })),
    coordinator: {
      reachable: contact.reachable,
      last_contact: contact.lastContactMs === undefined ? null : new Date(contact.lastContactMs).toISOString(),
      last_problem: contact.lastProblem ?? null,
    },
  };
}

function participations(
  router: Router,
  participant: Participant,
  { claims }: StoreStatus,
): RouterNodeStatus['participations'] {
  const taken = new Map(claims.map(({ roundKey, observations }) => [roundKey, observations]));
  const newestFirst = [...stateOf(router).participations].reverse().slice(0, PARTICIPATIONS_SHOWN);
  return newestFirst.map(([key, participation]) => ({
    round: participation.round,
    state: stateOfParticipation(participation, participant.undecided.has(key)),
    observations: taken.get(key) ?? 0,
    decision: decisionOn(router, key),
  }));
}

/** As far as it was verified here: a coordinator may have shown less. */
function decisionOn({ store }: Router, key: string): RouterNodeStatus['participations'][number]['decision'] {
  const body = store.decided.decisionBody(key);
  return body ? voteBodyMessage.decode(body).kind : null;
}

const stateOfParticipation = (
  { outcome, receipt }: Participation,
  undecided: boolean,
): RouterNodeStatus['participations'][number]['state'] =>
  outcome ?? (undecided ? 'undecided' : receipt ? 'sent' : 'prepared');

function quarantine(router: Router): RouterNodeStatus['quarantine'] {
  const untilRound = quarantinedUntil(stateOf(router), router.config.cluster);
  return untilRound === undefined ? null : { until_round: untilRound };
}

function memberSeats(member: Member): RouterNodeStatus['committee'] {
  if (!member.store.journal.hasBegun) return null;
  const { highestEpoch, seats } = memberState(member);
  return { epoch: highestEpoch, seats: [...seats].filter(([, { secrets }]) => secrets).map(([epoch]) => epoch) };
}
