export * from './hkdf';
