export { type PriorOptions, priorOptionsSchema } from './options';
export {
  type CellEvidence,
  type Measure,
  MEASURES,
  type NoisyRatio,
  type ResultRound,
  type RoundEvidence,
  type SummedRound,
} from './evidence';
export {
  addStatistics,
  noOwnStatistics,
  type OwnBucket,
  type OwnStatistics,
  ownStatisticsSchema,
  scored,
  statisticsOf,
} from './own';
export { cellOf, type KeyEvidence, priorOf } from './combine';
export { betaSchema, type Prior, priorSchema, type PriorState, priorStateSchema } from './prior';
export { betaCdf, betaQuantile, gammaCdf, gammaQuantile, normalQuantile } from './special';
export { type PriorProblem, priorProblemSchema, type PriorsPack, priorsPackSchema, type RoundSource } from './pack';
export { checkPack, missingRounds } from './check-pack';
export { type CataloguedRound, differenceOf, expiryOf, publishedPriors } from './published';
export {
  indexPriors,
  type PriorIndex,
  rank,
  type RankAnswer,
  rankAnswerSchema,
  type RankRequest,
  rankRequestSchema,
} from './rank';
export { type Random, sampleBeta, sampleGamma } from './sample';
export {
  type Exported,
  type Left,
  LITELLM_MAX_MASS,
  type LitellmAdaptive,
  litellmAdaptiveSchema,
  type SemanticRouter,
  semanticRouterSchema,
  type TaskMapping,
  toLitellm,
  toSemanticRouter,
} from './exports';
