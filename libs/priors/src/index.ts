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
