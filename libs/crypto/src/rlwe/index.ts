export { encryptRlwe, type RlweCiphertext, type RlweContext } from './encrypt';
export {
  KEY_BITS,
  keySumBound,
  MAX_CONTRIBUTIONS,
  noiseBound,
  type RlweParameters,
  rlweParameters,
  type RlweShape,
  rlweShape,
  type RlweSuiteName,
} from './parameters';
export { type OpenedRlwe, RlweSum } from './sum';
