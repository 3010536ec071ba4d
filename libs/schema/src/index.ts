export * from './ids';
export * from './problems';
export * from './signal';
export * from './layout';
