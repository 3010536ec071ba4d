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
const scratch = new Uint8Array(2048);

/**
 * SHA-256 over a label and parts, unambiguous whatever the parts hold.
 *
 *     domainHash(label, p1, .., pn) = SHA-256( lp("secagg/1/" || label) || lp(p1) || .. || lp(pn) )
 *     lp(x) = length of x in bytes as 4 bytes big-endian, then x
 *
 * A string stands for its UTF-8 bytes, a number for its 8 bytes big-endian. The label fixes the number, order and
 * meaning of the parts, so a string part and a byte part of the same content need not be told apart.
 *
 * @param label what is hashed, for instance `pad/commitment`
 * @returns 32 bytes
 * @throws SecaggError `invalid` for a number that is not a safe non-negative integer or a string with a lone surrogate
 */
export function domainHash(label: string, ...parts: readonly HashPart[]): Uint8Array {
  let bound = longestEncoding(DOMAIN_PREFIX) + longestEncoding(label);
  for (let i = 0; i < parts.length; i++) bound += longestEncoding(parts[i]);
  if (bound > scratch.length) return hashStreamed([DOMAIN_PREFIX + label, ...parts]);

  const end = writeAll(scratch, DOMAIN_PREFIX + label, parts);
  const message = scratch.subarray(0, end);
  const digest = shortDigest(message);
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
  return lengthPrefixed(DOMAIN_PREFIX + label, ...parts);
}

/**
 * `lp(p1) || .. || lp(pn)`: what remains of {@link domainMessage} without a label, to continue such a message.
 *
 * @throws SecaggError `invalid` as {@link domainHash} does
 */
export function lengthPrefixed(first: HashPart, ...others: readonly HashPart[]): Uint8Array {
  let bound = longestEncoding(first);
  for (const part of others) bound += longestEncoding(part);
  const message = new Uint8Array(bound);
  return message.slice(0, writeAll(message, first, others));
}

/**
 * Half the time that `hash` takes to make a Buffer. For digests that are public, as all of these are: a string cannot
 * be wiped.
 */
function shortDigest(message: Uint8Array): Uint8Array {
  const text = hash('sha256', message, 'binary');
  const digest = new Uint8Array(text.length);
  for (let i = 0; i < digest.length; i++) digest[i] = text.charCodeAt(i);
  return digest;
}

// Long parts (ciphertexts) are fed to the hash where they lie instead of being copied together first.
function hashStreamed(parts: readonly HashPart[]): Uint8Array {
  const state = createHash('sha256');
  const prefix = new Uint8Array(PREFIX_BYTES);
  for (const part of parts) {
    if (part instanceof Uint8Array) {
      writeUint32(prefix, 0, part.length);
      state.update(prefix).update(part);
    } else {
      state.update(lengthPrefixed(part));
    }
  }
  return Uint8Array.from(state.digest());
}

/** Bytes of lp(part) at most: a UTF-16 unit takes up to three in UTF-8. */
function longestEncoding(part: HashPart): number {
  if (typeof part === 'number') return PREFIX_BYTES + NUMBER_BYTES;
  return PREFIX_BYTES + (typeof part === 'string' ? 3 * part.length : part.length);
}

/** Writes lp of the parts from the start of `target`; returns where they end. */
function writeAll(target: Uint8Array, first: HashPart, others: readonly HashPart[]): number {
  let offset = writePart(target, first, 0);
  for (let i = 0; i < others.length; i++) offset = writePart(target, others[i], offset);
  return offset;
}

function writePart(target: Uint8Array, part: HashPart, offset: number): number {
  const start = offset + PREFIX_BYTES;
  let end: number;
  if (typeof part === 'string') {
    end = writeString(target, part, start);
  } else if (typeof part === 'number') {
    end = writeNumber(target, part, start);
  } else {
    target.set(part, start);
    end = start + part.length;
  }
  writeUint32(target, offset, end - start);
  return end;
}

function writeNumber(target: Uint8Array, value: number, offset: number): number {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new SecaggError('invalid', 'A hashed number must be a safe non-negative integer');
  writeUint32(target, offset, Math.floor(value / 2 ** 32));
  writeUint32(target, offset + 4, value % 2 ** 32);
  return offset + NUMBER_BYTES;
}

// Nearly all strings are short ASCII names, which a loop writes faster than a call into the encoder.
function writeString(target: Uint8Array, text: string, offset: number): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return writeUnicode(target, text, offset);
    target[offset + i] = code;
  }
  return offset + text.length;
}

function writeUnicode(target: Uint8Array, text: string, offset: number): number {
  if (loneSurrogate.test(text)) throw new SecaggError('invalid', 'A hashed string must be well-formed Unicode');
  const bytes = Buffer.from(text);
  target.set(bytes, offset);
  return offset + bytes.length;
}

function writeUint32(target: Uint8Array, offset: number, value: number): void {
  target[offset] = value >>> 24;
  target[offset + 1] = value >>> 16;
  target[offset + 2] = value >>> 8;
  target[offset + 3] = value;
}
