import { timingSafeEqual } from 'node:crypto';

/** Whether two byte strings are equal, in time that depends on their lengths only. Lengths are taken to be public. */
export function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
