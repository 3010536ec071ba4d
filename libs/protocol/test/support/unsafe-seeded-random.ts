/** Randomness that is the same in every run, for tests of statistics. */
import { createCipheriv } from 'node:crypto';
import { type RandomBytes } from '@secagg/schema';

export function unsafeSeededRandom(seed: string): RandomBytes {
  const stream = createCipheriv('aes-256-ctr', Buffer.alloc(32, seed), Buffer.alloc(16));
  return (length) => new Uint8Array(stream.update(Buffer.alloc(length)));
}
