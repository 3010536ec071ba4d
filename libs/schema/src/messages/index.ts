export * from './committee';
export * from './define';
export * from './epoch';
export { clusterHash, fleetId, isStrictlyIncreasing, maxCommittee, maxPieces, partyId, protocolVersion } from './fields';
export * from './fleet';
export * from './round';
export * from './signed';
export * from './transcript';
export * from './work';
