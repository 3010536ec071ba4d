/** p = 2^255 - 19, little-endian. */
const fieldPrime = Uint8Array.from([0xed, ...new Array<number>(30).fill(0xff), 0x7f]);

/**
 * y-coordinates, little-endian and reduced, of the points of order 1, 2, 4 and 8 (both signs of x share one): 1, -1, 0
 * and the two of order 8. Anybody can make signatures that hold under such a key for many messages.
 */
const smallOrderY = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));

/**
 * Whether 32 bytes encode a point that may serve as a public key or as the R of a signature: y below p (RFC 8032
 * section 5.1.3 step 1) and not of small order. Whether the point lies on the curve at all is left to the verification.
 */
export function isAcceptableEd25519Point(encoded: Uint8Array): boolean {
  return isReduced(encoded) && !smallOrderY.some((y) => hasY(encoded, y));
}

function isReduced(encoded: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const byte = yByte(encoded, i);
    const limit = fieldPrime[i];
    if (byte !== limit) return byte < limit;
  }
  return false;
}

function hasY(encoded: Uint8Array, y: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) if (yByte(encoded, i) !== y[i]) return false;
  return true;
}

/** The top bit of an encoding is the sign of x. */
function yByte(encoded: Uint8Array, index: number): number {
  const byte = encoded[index];
  return index === 31 ? byte & 0x7f : byte;
}
