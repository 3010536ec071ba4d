export * from './create-metrics';
export { type BudgetFigures } from './privacy-budget';
export { type IngestSource } from './ingest';
