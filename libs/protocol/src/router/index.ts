export { type BuiltContribution, buildContribution, type Identity } from './contribution';
export { quarantinedUntil, receiveQuarantine } from './quarantine';
export * from './state';
export * from './take-part';
