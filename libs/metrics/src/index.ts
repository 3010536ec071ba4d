export * from './create-metrics';
export { failureReasons } from './failures';
