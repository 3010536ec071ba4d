export { type BuiltContribution, buildContribution, type Identity } from './contribution';
export * from './state';
export * from './take-part';
