/** The public elements a_l of an epoch. */
import { createHash } from 'node:crypto';
import { domainMessage } from '../transcript/hashing';

/** More candidates than any element has ever needed: at most 0.21% are refused, 8.6 of 4096 on average. */
const SPARE = 256;

/**
 * Values of a_l modulo one prime, uniform below p: SHAKE128 over the context, read as 32-bit little-endian words masked to 26 bits, those of p
 * or more left out. They are values at the roots (bit-reversed order), which are as uniform as coefficients would be.
 *
 * @param epochHash 32 bytes: nobody chooses it alone
 * @param element l, from 0
 */
export function expandElement(
  suite: string,
  epochHash: Uint8Array,
  element: number,
  p: number,
  degree: number,
): Uint32Array {
  const context = domainMessage('rlwe/element', suite, epochHash, element, p);
  for (let spare = SPARE; ; spare *= 2) {
    const stream = createHash('shake128', { outputLength: 4 * (degree + spare) })
      .update(context)
      .digest();
    const values = new Uint32Array(degree);
    let count = 0;
    for (let at = 0; at < stream.length && count < degree; at += 4) {
      const candidate = stream.readUInt32LE(at) & 0x3ffffff;
      if (candidate < p) values[count++] = candidate;
    }
    if (count === degree) return values;
  }
}
