export * from './data-folder';
export * from './exit-codes';
export { type Failpoint, failpoint, failpointFrom, hasCrashPoints } from './failpoint';
export * from './fault-of';
export * from './host-fault';
export * from './identity-file';
export * from './key-file';
export * from './owner-only';
export * from './store-key';
