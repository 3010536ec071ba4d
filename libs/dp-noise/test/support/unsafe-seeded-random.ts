import { createCipheriv, createHash } from 'node:crypto';
import type { RandomBytes } from '../../src';

/** Repeatable bytes: AES-256-CTR under a key derived from the seed. For tests only, never for noise that protects anything. */
export function unsafeSeededRandom(seed: string): RandomBytes {
  const cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(seed).digest(), new Uint8Array(16));
  return (length) => new Uint8Array(cipher.update(new Uint8Array(length)));
}
