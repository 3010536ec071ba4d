export { type CallOptions, type TransportOptions } from './http/transport';
export { type Backoff, backoffDelay, pause } from './http/backoff';
export { waitAfter } from './http/retry-after';
export { parseServiceUrl, type ServiceUrl } from './http/service-url';
export * from './coordinator/coordinator-client';
export { type FleetDocuments } from './fleet-documents';
export { type DocumentsStatus, documentsStatusSchema } from './documents-status';
export * from './router-node/router-node-client';
export { type BudgetHistoryPage, budgetHistorySchema } from './router-node/budget-history';
export { type Aliases, type NameReport, nameReportSchema } from './router-node/names';
export { type IngestAnswer, ingestAnswerSchema } from './router-node/ingest';
export {
  type AcceptedDecision,
  acceptedDecisionSchema,
  type EvidenceList,
  evidenceListSchema,
} from './router-node/proofs';
export { type RouterNodeStatus, type RouterPrivacy, routerNodeStatusSchema } from './router-node/status';
export { type PublishedRobustReport } from './robust-report';
export { type PublishedSignal, publishedSignalSchema } from './published-signal';
export { type RoundHistoryPage, roundHistorySchema } from './router-node/round-history';
export { LocalPriors } from './router-node/priors';
export {
  type CataloguedRound,
  checkPack,
  differenceOf,
  missingRounds,
  type Prior,
  type PriorsPack,
  priorsPackSchema,
  publishedPriors,
  type RankAnswer,
  type RankRequest,
  type RoundSource,
  type TaskMapping,
  toLitellm,
  toSemanticRouter,
} from '@secagg/priors';
