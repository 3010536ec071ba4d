export * from './default-fields';
export * from './fields';
export * from './layout';
export * from './word-bits';
