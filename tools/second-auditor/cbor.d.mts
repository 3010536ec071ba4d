/** The maps of this reader are plain objects, checked by whoever asks. */
interface CborMap {
  readonly body: Buffer;
  readonly signature: Buffer;
  readonly fleet: string;
  readonly header: CborMap;
  readonly boxes: readonly { readonly encapsulation: Buffer; readonly ciphertext: Buffer }[];
}
export function decodeCbor(bytes: Uint8Array, what: string): CborMap;
