export * from './ids';
export * from './problems';
export * from './signal';
export * from './layout';
export * from './codec/canonical-cbor';
export * from './messages';
export * from './suspicion-report';
export * from './without-nulls';
