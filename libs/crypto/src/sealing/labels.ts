import { hkdfExtract, hmacSha256 } from '../hkdf';

const utf8 = new TextEncoder();
const version = utf8.encode('HPKE-v1');
const firstBlock = Uint8Array.of(1);

/** `"KEM" || I2OSP(kem_id, 2)`: the suite_id inside a KEM (RFC 9180 section 4.1). */
export function kemSuiteId(kemId: number): Uint8Array {
  return Buffer.concat([utf8.encode('KEM'), twoBytes(kemId)]);
}

/**
 * `"HPKE" || I2OSP(kem_id, 2) || I2OSP(kdf_id, 2) || I2OSP(aead_id, 2)`: the suite_id of the key schedule (section
 * 5.1).
 */
export function hpkeSuiteId(kemId: number, kdfId: number, aeadId: number): Uint8Array {
  return Buffer.concat([utf8.encode('HPKE'), twoBytes(kemId), twoBytes(kdfId), twoBytes(aeadId)]);
}

/** LabeledExtract (RFC 9180 section 4) for one suite and label, so that the constant bytes are laid out once. */
export function labeledExtract(
  suiteId: Uint8Array,
  label: string,
): (salt: Uint8Array, inputKeyMaterial: Uint8Array) => Uint8Array {
  const prefix = Buffer.concat([version, suiteId, utf8.encode(label)]);
  return (salt, inputKeyMaterial) => hkdfExtract(salt, prefix, inputKeyMaterial);
}

/**
 * LabeledExpand (RFC 9180 section 4) for one suite, label and output length; `info` is the concatenation of its parts.
 *
 * @param length 1 to 32 bytes, all that these suites need: then HKDF-Expand is a single HMAC (RFC 5869 section 2.3,
 * T(1))
 */
export function labeledExpand(
  suiteId: Uint8Array,
  label: string,
  length: number,
): (pseudoRandomKey: Uint8Array, ...info: readonly Uint8Array[]) => Uint8Array {
  const prefix = Buffer.concat([twoBytes(length), version, suiteId, utf8.encode(label)]);
  return (pseudoRandomKey, ...info) => {
    const block = hmacSha256(pseudoRandomKey, prefix, ...info, firstBlock);
    if (length === block.length) return block;
    const output = block.slice(0, length);
    block.fill(0);
    return output;
  };
}

function twoBytes(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 0xff);
}
