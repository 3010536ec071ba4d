export * from './hkdf';
export * from './transcript/hashing';
export * from './transcript/merkle';
export * from './pad/encrypt';
export { type PadRound, type RouterPad, padContext, SEED_BYTES } from './pad/keystream';
export { MAX_DIMENSION, MAX_WORD_BITS } from './pad/limbs';
export { packedLength } from './pad/packed-limbs';
export * from './pad/packing';
export * from './pad/word-sum';
