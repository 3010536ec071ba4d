export * from './identity-key';
export * from './sealed-blob';
