export { askedToAbort } from './asked-to-abort';
export * from './answer';
export * from './check-views';
export * from './epochs';
export { evolveMember } from './evolve';
export * from './state';
export { report, voteAbort, voteReady } from './vote';
