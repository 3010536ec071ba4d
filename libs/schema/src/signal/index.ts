export * from './aggregate';
export * from './cluster-hash';
export * from './from-observations';
export * from './key';
export * from './observation';
export * from './signal';
