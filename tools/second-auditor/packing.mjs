// Packed vectors of docs/protocol.md, "Packed vectors". Words stay below 2^48, so doubles are exact.
import { check } from './errors.mjs';

export const packedLength = (dimension, bits) => Math.ceil((dimension * bits) / 8);

export function unpack(bytes, dimension, bits, what) {
  check(bytes.length === packedLength(dimension, bits), 'malformed', `${what}: wrong length`);
  const used = dimension * bits;
  check(
    used % 8 === 0 || bytes[bytes.length - 1] >> used % 8 === 0,
    'not_canonical',
    `${what}: bits after the last word`,
  );
  const words = new Float64Array(dimension);
  for (let i = 0; i < dimension; i++) {
    let position = i * bits;
    for (let got = 0; got < bits; ) {
      const offset = position % 8;
      const count = Math.min(8 - offset, bits - got);
      const part = (bytes[(position - offset) / 8] >> offset) & ((1 << count) - 1);
      words[i] += part * 2 ** got;
      got += count;
      position += count;
    }
  }
  return words;
}

export function addInto(total, words, bits) {
  const modulus = 2 ** bits;
  for (let i = 0; i < total.length; i++) {
    const sum = total[i] + words[i];
    total[i] = sum >= modulus ? sum - modulus : sum;
  }
}

export function subtractFrom(total, words, bits) {
  const modulus = 2 ** bits;
  for (let i = 0; i < total.length; i++) {
    const difference = total[i] - words[i];
    total[i] = difference < 0 ? difference + modulus : difference;
  }
}

export const centred = (word, bits) => (word >= 2 ** (bits - 1) ? word - 2 ** bits : word);
