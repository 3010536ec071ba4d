import { createHash } from 'node:crypto';

/**
 * UNSAFE, for test vectors only: bytes that everybody can recompute.
 *
 * Byte string `name` is SHA-256("secagg test vectors/" || name || "/0") || SHA-256(.. "/1") || .., cut to length.
 */
export function unsafeBytes(name: string, length: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) => createHash('sha256').update(`secagg test vectors/${name}/${i}`).digest());
  return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
}

/** Integer in [0, bound), bound <= 2^48, from the same source; the tiny bias does not matter here. */
export function unsafeInteger(name: string, bound: number): number {
  return Buffer.from(unsafeBytes(name, 6)).readUIntBE(0, 6) % bound;
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
