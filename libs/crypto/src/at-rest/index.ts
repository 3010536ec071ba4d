export * from './sealed-blob';
