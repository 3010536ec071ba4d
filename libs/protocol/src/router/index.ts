export { type BuiltContribution, buildContribution, type Identity } from './contribution';
export { quarantinedUntil, receiveQuarantine } from './quarantine';
export { evidenceOfSecondAnnouncement } from './second-announcement';
export * from './settle-by-proof';
export * from './state';
export * from './take-part';
