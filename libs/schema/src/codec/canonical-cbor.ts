/**
 * Deterministic CBOR (RFC 8949 section 4.2.1): shortest integers and lengths, map keys in bytewise order, no indefinite
 * lengths, no tags, no floating point at all. Numbers on the wire are integers below 2^53; a quantity that is not an
 * integer is sent in integer units that its field names. So equal values have equal bytes, and hashes and signatures
 * bind meaning.
 */
import { decode, encode, rfc8949EncodeOptions } from 'cborg';
import { SecaggError } from '../problems';

export type Bytes = Uint8Array;

const refuseFractions = (value: unknown): null => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || Object.is(value, -0)) {
    throw new SecaggError('invalid', 'only safe integers can be encoded');
  }
  return null;
};

const encodeOptions = { ...rfc8949EncodeOptions, ignoreUndefinedProperties: true, typeEncoders: { number: refuseFractions } };

const decodeOptions = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowNaN: false,
  allowInfinity: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
};

/** Encodes plain objects, arrays, strings, byte strings, booleans, null and safe integers. Undefined properties are left out. */
export function encodeCanonical(value: unknown): Bytes {
  return encode(value, encodeOptions);
}

/**
 * Decodes one item that fills `bytes`. Throws `malformed` when the bytes are no CBOR of the allowed kinds and
 * `not_canonical` when they are not what `encodeCanonical` would have written.
 */
export function decodeCanonical(bytes: Bytes): unknown {
  let value: unknown;
  try {
    value = decode(bytes, decodeOptions);
  } catch (error) {
    if (error instanceof SecaggError) throw error;
    throw new SecaggError('malformed', `not decodable: ${error instanceof Error ? error.message : 'unknown error'}`);
  }
  let again: Bytes;
  try {
    again = encodeCanonical(value);
  } catch {
    throw new SecaggError('not_canonical', 'holds values the encoding does not have');
  }
  if (again.length !== bytes.length || Buffer.compare(again, bytes) !== 0) {
    throw new SecaggError('not_canonical', 'not the canonical encoding of its content');
  }
  return value;
}
