import { createHash, hash } from 'node:crypto';
import { SecaggError } from '@secagg/schema';

/**
 * One part of a hashed or keyed message. Numbers are safe non-negative integers; strings must be well-formed Unicode
 * (a lone surrogate has no UTF-8, and a replacement character would let two strings share an encoding).
 */
export type HashPart = Uint8Array | string | number;

/** Prefix of every label of this protocol version. A later version changes the digit, and with it every hash. */
export const DOMAIN_PREFIX = 'secagg/1/';

const PREFIX_BYTES = 4;
const NUMBER_BYTES = 8;
const loneSurrogate = /\p{Surrogate}/u;

// Short messages are hashed in one call from here, which is what makes a digest cost 1 µs instead of 3.
// It is zeroed after use because commitments put seeds through it.
const scratch = Buffer.alloc(2048);

/**
 * SHA-256 over a label and parts, unambiguous whatever the parts hold.
 *
 *     domainHash(label, p1, .., pn) = SHA-256( lp("secagg/1/" || label) || lp(p1) || .. || lp(pn) )
 *     lp(x) = length of x in bytes as 4 bytes big-endian, then x
 *
 * A string stands for its UTF-8 bytes, a number for its 8 bytes big-endian. The label fixes the number, order and meaning
 * of the parts, so a string part and a byte part of the same content need not be told apart.
 *
 * @param label what is hashed, for instance `pad/commitment`
 * @returns 32 bytes
 * @throws SecaggError `invalid` for a number that is not a safe non-negative integer or a string with a lone surrogate
 */
export function domainHash(label: string, ...parts: readonly HashPart[]): Uint8Array {
  const all = [DOMAIN_PREFIX + label, ...parts];
  let length = 0;
  for (const part of all) length += PREFIX_BYTES + byteLength(part);
  if (length > scratch.length) return hashStreamed(all);

  const message = scratch.subarray(0, length);
  writeParts(message, all);
  const digest = new Uint8Array(hash('sha256', message, 'buffer'));
  message.fill(0);
  return digest;
}

/**
 * The message that {@link domainHash} hashes, for keys and signatures bound to the same kind of context:
 * `lp("secagg/1/" || label) || lp(p1) || .. || lp(pn)`.
 *
 * @throws SecaggError `invalid` as {@link domainHash} does
 */
export function domainMessage(label: string, ...parts: readonly HashPart[]): Uint8Array {
  const all = [DOMAIN_PREFIX + label, ...parts];
  let length = 0;
  for (const part of all) length += PREFIX_BYTES + byteLength(part);
  const message = new Uint8Array(length);
  writeParts(Buffer.from(message.buffer), all);
  return message;
}

// Long parts (ciphertexts) are fed to the hash where they lie instead of being copied together first.
function hashStreamed(parts: readonly HashPart[]): Uint8Array {
  const state = createHash('sha256');
  const prefix = Buffer.alloc(PREFIX_BYTES);
  for (const part of parts) {
    prefix.writeUInt32BE(byteLength(part));
    state.update(prefix);
    state.update(part instanceof Uint8Array ? part : encodeShort(part));
  }
  return new Uint8Array(state.digest());
}

function byteLength(part: HashPart): number {
  if (typeof part === 'number') {
    if (!Number.isSafeInteger(part) || part < 0) throw new SecaggError('invalid', 'A hashed number must be a safe non-negative integer');
    return NUMBER_BYTES;
  }
  if (typeof part !== 'string') return part.length;
  if (loneSurrogate.test(part)) throw new SecaggError('invalid', 'A hashed string must be well-formed Unicode');
  return Buffer.byteLength(part);
}

function writeParts(target: Buffer, parts: readonly HashPart[]): void {
  let offset = 0;
  for (const part of parts) {
    const start = offset + PREFIX_BYTES;
    const length = writePart(target, part, start);
    target.writeUInt32BE(length, offset);
    offset = start + length;
  }
}

function writePart(target: Buffer, part: HashPart, offset: number): number {
  if (typeof part === 'string') return target.write(part, offset);
  if (typeof part !== 'number') {
    target.set(part, offset);
    return part.length;
  }
  target.writeUInt32BE(Math.floor(part / 2 ** 32), offset);
  target.writeUInt32BE(part % 2 ** 32, offset + 4);
  return NUMBER_BYTES;
}

function encodeShort(part: string | number): Buffer {
  const bytes = Buffer.alloc(byteLength(part));
  writePart(bytes, part, 0);
  return bytes;
}
