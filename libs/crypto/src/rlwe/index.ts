export { encryptRlwe, type RlweCiphertext, type RlweContext } from './encrypt';
export {
  KEY_BITS,
  MAX_CONTRIBUTIONS,
  type RlweParameters,
  rlweParameters,
  type RlweShape,
  rlweShape,
  type RlweSuiteName,
  sumBound,
} from './parameters';
export { type OpenedRlwe, RlweSum } from './sum';
