/**
 * Overwrites secrets with zeros, as soon as they are no longer needed.
 *
 * It reaches exactly the memory given: not copies that the runtime has made, strings, or key objects of node:crypto
 * (those are cleansed by OpenSSL when collected). Undefined entries are skipped, so optional secrets need no branch.
 */
export function wipe(...arrays: readonly (ArrayBufferView | undefined)[]): void {
  for (const array of arrays) {
    if (array !== undefined) new Uint8Array(array.buffer, array.byteOffset, array.byteLength).fill(0);
  }
}
