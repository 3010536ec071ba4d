export { type Hpke, type Sealed } from './hpke';
export { type KemOpener as SealingOpener, type KemRecipient as SealingRecipient } from './kem';
export * from './suites';
export * from './unsafe-replay-random';
