/** Every operation of the service. The first that matches is taken, so fixed words stand before parameters. */
import { getOpenApi, type Operation } from '@secagg/http';
import { type CoordinatorMetrics } from '@secagg/metrics';
import { type Engine } from '../engine';
import { type MisbehaviourKeeper } from '../misbehaviour';
import { type Readiness } from '../readiness';
import { type OperatorRequests } from '../operators/operator-requests';
import { type RoundFinisher } from '../rounds/finish-rounds';
import { type ViewSource } from '../rounds/member-views';
import { type ProofSource } from '../rounds/proofs';
import { SharedTranscripts } from '../rounds/shared-transcripts';
import { type ClusterPlan } from '../rounds/start-round';
import { type RoundTriggers } from '../rounds/triggers';
import { type Scores } from '../suspicion/scores';
import { type WaitingRouters } from '../rounds/waiting-routers';
import { getBudget } from './get-budget';
import { getCatalogue } from './get-catalogue';
import { getCurrentEpoch } from './get-current-epoch';
import { getEvidence, listEvidence } from './get-evidence';
import { getDecision } from './get-decision';
import { getFreshness, putFreshness } from './freshness';
import { getFleet } from './get-fleet';
import { getHealth } from './get-health';
import { getInclusion } from './get-inclusion';
import { getLatestRound } from './get-latest-round';
import { getMetrics } from './get-metrics';
import { getOpenRound } from './get-open-round';
import { getReadiness, getStoreReadiness } from './get-readiness';
import { getRoundStatus } from './get-round-status';
import { getSignal } from './get-signal';
import { getSuspicion } from './get-suspicion';
import { getTranscript } from './get-transcript';
import { getViews } from './get-views';
import { getWork } from './get-work';
import { postAnnouncement } from './post-announcement';
import { postAnswer } from './post-answer';
import { postContribution } from './post-contribution';
import { postEvidence } from './post-evidence';
import { postEpoch } from './post-epoch';
import { postEpochSignature } from './post-epoch-signature';
import { postReport } from './post-report';
import { postRound } from './post-round';
import { postSeat } from './post-seat';
import { postTransfer } from './post-transfer';
import { postVote } from './post-vote';
import { putFleet } from './put-fleet';

/** What single operations need besides the engine. */
export interface RouteParts {
  readonly waiting: WaitingRouters;
  readonly views: ViewSource;
  readonly finisher: RoundFinisher;
  readonly scores: Scores;
  readonly triggers: Pick<RoundTriggers, 'next'>;
  /** Present where other replicas count rounds too. */
  readonly refreshScores?: (cluster: string) => Promise<void>;
  readonly proofs: ProofSource;
  readonly operators: OperatorRequests;
  readonly plans: ReadonlyMap<string, ClusterPlan>;
  /** Of the rounds that a cluster is configured for, in words. */
  readonly scheduleWarnings: (cluster: string) => string[];
  readonly epochLifetimeMs: number;
  readonly misbehaviour: MisbehaviourKeeper;
  readonly metrics: CoordinatorMetrics;
  readonly refreshGauges: () => void;
  readonly readiness: Readiness;
}

export function createOperations(engine: Engine, parts: RouteParts): Operation[] {
  const {
    waiting,
    views,
    finisher,
    proofs,
    operators,
    plans,
    scheduleWarnings,
    epochLifetimeMs,
    misbehaviour,
    scores,
    triggers,
    refreshScores,
    metrics,
    refreshGauges,
    readiness,
  } = parts;
  const operations: Operation[] = [
    postContribution(engine, { accepted: metrics.contributionAccepted, checked: metrics.contributionChecked }),
    getOpenRound(engine, waiting),
    getWork(engine),
    getFleet(engine),
    putFleet(engine),
    getFreshness(engine),
    putFreshness(engine),
    getCurrentEpoch(engine),
    postEpoch(engine, operators, epochLifetimeMs),
    postRound(engine, operators, plans),
    getLatestRound(engine, triggers),
    postAnnouncement(engine),
    getRoundStatus(engine),
    getViews(engine, views),
    getTranscript(engine, new SharedTranscripts(finisher)),
    getDecision(proofs),
    getInclusion(proofs),
    getSignal(engine, finisher),
    getBudget(engine, plans, scheduleWarnings),
    getCatalogue(plans),
    getSuspicion(engine, scores, refreshScores),
    postSeat(engine),
    postEpochSignature(engine),
    postReport(engine),
    postVote(engine),
    postTransfer(engine),
    postAnswer(engine),
    listEvidence(engine),
    getEvidence(engine),
    postEvidence(misbehaviour),
    getHealth(),
    getReadiness(engine, readiness),
    getStoreReadiness(readiness),
    getMetrics(metrics, refreshGauges),
  ];
  return [...operations, getOpenApi('Secagg coordinator', operations)];
}
