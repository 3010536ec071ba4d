export * from './create-metrics';
export { type BudgetFigures } from './privacy-budget';
export { failureReasons } from './failures';
