/** Every operation of the node. */
import { getOpenApi, type Operation } from '@secagg/http';
import { getBudgetHistory } from './get-budget-history';
import { getDecision } from './get-decision';
import { getEvidence } from './get-evidence';
import { getHealth } from './get-health';
import { getHistory } from './get-history';
import { getMetrics } from './get-metrics';
import { getReadiness, getStoreReadiness } from './get-readiness';
import { getReceiptEvidence } from './get-receipt-evidence';
import { getSignal } from './get-signal';
import { getStatus, type StatusSources } from './get-status';
import { listEvidence } from './list-evidence';
import { getNames, postNames } from './names';
import { postDecision } from './post-decision';
import { postLitellm } from './post-litellm';
import { postObservations } from './post-observations';
import { postScores } from './post-scores';
import { postLogs, postTraces } from './post-telemetry';
import { postRank } from './post-rank';
import { getPriorEvents, getPriors } from './priors';
import { putFleet, putFreshness } from './put-documents';
import { putSignal } from './put-signal';

export function createOperations(sources: StatusSources, refreshGauges: () => void): Operation[] {
  const { router } = sources;
  const { store } = router;
  const operations = [
    postObservations(router),
    postLitellm(router),
    postTraces(router),
    postLogs(router),
    postScores(router),
    getNames(router),
    postNames(router),
    putSignal(router),
    getSignal(router),
    getHistory(router),
    getPriors(router),
    getPriorEvents(router),
    postRank(router),
    getStatus(sources),
    putFleet(router.fleet),
    putFreshness(router.fleet),
    getBudgetHistory(router),
    getDecision(store),
    postDecision(router),
    listEvidence(store),
    getReceiptEvidence(store),
    getEvidence(store),
    getHealth(),
    getReadiness(router, sources.readiness),
    getStoreReadiness(sources.readiness),
    getMetrics(router, refreshGauges),
  ];
  return [...operations, getOpenApi('Secagg router-node', operations)];
}
