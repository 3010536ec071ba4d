export * from './answer';
export * from './check-views';
export * from './epochs';
export { evolveMember } from './evolve';
export * from './state';
export { askedToAbort, report, voteAbort, voteReady } from './vote';
