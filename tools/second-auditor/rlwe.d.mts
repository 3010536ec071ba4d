interface Ciphertext {
  readonly key: Float64Array;
}
export interface LatticeConfig {
  readonly suite: string;
  readonly epoch_hash: Buffer;
  /** config_hash. */
  readonly hash: Buffer;
  readonly layout: { readonly word_bits: number };
}
export function drawnElement(config: LatticeConfig, l: number, p: number, degree: number): number[];
export function latticeCipher(
  config: LatticeConfig,
  dimension: number,
): {
  readonly key: { readonly dimension: number; readonly bits: number };
  open(bytes: Uint8Array, what: string): Ciphertext;
  total(ciphertexts: readonly Ciphertext[], pieces: readonly Float64Array[]): Float64Array;
};
