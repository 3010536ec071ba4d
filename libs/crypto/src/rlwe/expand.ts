/** The public elements a_l of a round. */
import { createHash } from 'node:crypto';
import { domainMessage } from '../transcript/hashing';
import { rlweParameters, type RlweSuiteName } from './parameters';

export interface ElementContext {
  readonly suite: RlweSuiteName;
  /** 32 bytes: the elements are of this epoch, whose hash nobody chooses alone, ... */
  readonly epochHash: Uint8Array;
  /** ... and of this round: work done on the lattice of one round helps in no other. 32 bytes. */
  readonly configHash: Uint8Array;
}

/** More candidates than any element has ever needed: at most 0.21% are refused, 8.6 of 4096 on average. */
const SPARE = 256;

/**
 * Values of a_l modulo one prime, uniform below p: SHAKE128 over the context, read as 32-bit little-endian words masked
 * to 26 bits, those of p or more left out. They are values at the roots (bit-reversed order), which are as uniform as
 * coefficients would be.
 *
 * @param element l, from 0
 */
export function expandElement(
  { suite, epochHash, configHash }: ElementContext,
  element: number,
  p: number,
): Uint32Array {
  const { degree } = rlweParameters[suite];
  const context = domainMessage('rlwe/element', suite, epochHash, configHash, element, p);
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
