export * from './ids';
export * from './problems';
