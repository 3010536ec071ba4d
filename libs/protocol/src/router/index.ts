export { isAnnounced } from './announced';
export { type BuiltContribution, buildContribution, prepareContribution } from './contribution';
export * from './observe-round';
export { quarantinedUntil, receiveQuarantine } from './quarantine';
export { evidenceOfSecondAnnouncement } from './second-announcement';
export * from './settle-by-proof';
export * from './settle-undecided';
export * from './state';
export * from './take-part';
