/**
 * Deterministic CBOR (RFC 8949 section 4.2.1): shortest integers and lengths, map keys in bytewise order, no indefinite
 * lengths, no tags, no floating point at all. Numbers on the wire are integers below 2^53; a quantity that is not an
 * integer is sent in integer units that its field names. So equal values have equal bytes, and hashes and signatures
 * bind meaning.
 *
 * Own code for a small subset, because every role does this more than anything else but cryptography: a general library
 * took several times as long and had to encode everything again to know that it was canonical. It is the tests' oracle.
 */
import { CborReader } from './cbor-reader';
import { CborWriter } from './cbor-writer';

export type Bytes = Uint8Array;

/**
 * Encodes plain objects, arrays, well-formed strings, byte strings, booleans, null and safe integers. Undefined
 * properties are left out. Throws `invalid` for anything else.
 */
export const encodeCanonical = (value: unknown): Bytes => new CborWriter().encode(value);

/**
 * Decodes one item that fills `bytes`; what it returns shares no memory with them. Throws `malformed` when the bytes
 * are no CBOR of the kinds above (nested at most 32 deep) and `not_canonical` when they are not what `encodeCanonical`
 * would have written.
 */
export const decodeCanonical = (bytes: Bytes): unknown => new CborReader(bytes, true).decode();

/**
 * As {@link decodeCanonical}, but byte strings are views of `bytes`: for large messages, whose bytes nobody wipes or
 * reuses.
 */
export const viewCanonical = (bytes: Bytes): unknown => new CborReader(bytes, false).decode();
