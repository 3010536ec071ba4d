export { askedToAbort } from './asked-to-abort';
export * from './answer';
export * from './check-views';
export * from './epochs';
export { evolveMember } from './evolve';
export { memberRole } from './role';
export * from './state';
export { report, voteAbort, voteReady } from './vote';
