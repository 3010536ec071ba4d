// Lattice suites (docs/protocol.md, "Suites"), in doubles where they are exact and BigInt elsewhere. Everything here is
// public.
import { createHash } from 'node:crypto';
import { domainMessage } from './crypto.mjs';
import { check } from './errors.mjs';
import { centred, unpack } from './packing.mjs';

const SETS = {
  'rlwe-2048': { degree: 2048, primes: [67084289, 67043329], most: 36 },
  'rlwe-4096': { degree: 4096, primes: [67084289, 67043329, 66994177, 66969601], most: 88 },
};
export const KEY_BITS = 16;
const RESIDUE_BITS = 26;
const MAX_CONTRIBUTIONS = 32767;

export const hasRoom = (suite, bits, contributions) =>
  suite === 'pad' || (bits <= SETS[suite].most && contributions <= MAX_CONTRIBUTIONS);

export function latticeCipher(config, dimension) {
  const { degree, primes, most } = SETS[config.suite];
  const bits = config.layout.word_bits;
  const perCoefficient = Math.min(Math.floor(most / bits), dimension);
  const coefficients = 4 * Math.ceil(dimension / perCoefficient / 4);
  const q = primes.reduce((product, p) => product * BigInt(p), 1n);
  const scale = 1n << BigInt(q.toString(2).length - 1 - perCoefficient * bits);
  // 1 modulo one prime and 0 modulo the others.
  const units = primes.map((prime) => {
    const p = BigInt(prime);
    return (q / p) * power((q / p) % p, p - 2n, p);
  });
  const keyBytes = (degree * KEY_BITS) / 8;
  const partBytes = (coefficients * RESIDUE_BITS) / 8;

  function open(bytes, what) {
    check(bytes.length === keyBytes + primes.length * partBytes, 'malformed', `${what}: wrong length`);
    const residues = primes.map((p, i) => {
      const start = keyBytes + i * partBytes;
      const part = unpack(bytes.subarray(start, start + partBytes), coefficients, RESIDUE_BITS, what);
      check(
        part.every((residue) => residue < p),
        'not_canonical',
        `${what}: a residue is not below its prime`,
      );
      return part;
    });
    return { key: unpack(bytes.subarray(0, keyBytes), degree, KEY_BITS, what), residues };
  }

  // Words mod 2^b of the sum; 2^(b-1) everywhere when it does not decode.
  function total(ciphertexts, pieces) {
    const key = sum([...ciphertexts.map((each) => each.key)], degree, 2 ** KEY_BITS);
    const pads = sum(pieces, degree, 2 ** KEY_BITS);
    const secret = key.map((word, i) => centred((word - pads[i] + 2 ** KEY_BITS) % 2 ** KEY_BITS, KEY_BITS));
    // Above 8 * 4.6 * sqrt(n), in integers.
    const isAbove = (x) => 25 * x * x > 33856 * ciphertexts.length;
    const spoiled = new Float64Array(dimension).fill(2 ** (bits - 1));
    if (secret.some(isAbove)) return spoiled;
    const sums = primes.map((p, i) =>
      sum(
        ciphertexts.map((each) => each.residues[i]),
        coefficients,
        p,
      ),
    );
    const words = new Float64Array(coefficients * perCoefficient);
    for (let first = 0; first < coefficients; first += degree) {
      const count = Math.min(degree, coefficients - first);
      const masks = primes.map((p) => product(element(config, first / degree, p, degree), secret, p));
      for (let c = 0; c < count; c++) {
        const x = decode(primes.map((p, i) => (sums[i][first + c] - masks[i][c] + p) % p));
        if (x === undefined) return spoiled;
        digits(x, words, (first + c) * perCoefficient);
      }
    }
    return words.subarray(0, dimension);

    function decode(residues) {
      let v = 0n;
      residues.forEach((residue, i) => {
        v += BigInt(residue) * units[i];
      });
      v %= q;
      if (v > q / 2n) v -= q;
      const x = (v + scale / 2n) >> BigInt(scale.toString(2).length - 1);
      return isAbove(Number(v - x * scale)) ? undefined : x;
    }
  }

  // Balanced digits of b bits, as words mod 2^b.
  function digits(x, words, at) {
    const modulus = 1n << BigInt(bits);
    for (let v = 0; v < perCoefficient; v++) {
      const word = BigInt.asUintN(bits, x);
      words[at + v] = Number(word);
      x = (x - BigInt.asIntN(bits, word)) / modulus;
    }
  }

  return { key: { dimension: degree, bits: KEY_BITS }, open, total };
}

function sum(vectors, length, modulus) {
  const total = new Float64Array(length);
  for (const vector of vectors) for (let i = 0; i < length; i++) total[i] = (total[i] + vector[i]) % modulus;
  return total;
}

function power(base, exponent, modulus) {
  let result = 1n;
  for (; exponent > 0n; exponent >>= 1n, base = (base * base) % modulus)
    if (exponent & 1n) result = (result * base) % modulus;
  return result;
}

const roots = new Map();

// The smallest primitive root of unity of order 2N.
function smallestRoot(degree, p) {
  const name = `${degree} ${p}`;
  if (!roots.has(name)) roots.set(name, findRoot(degree, p));
  return roots.get(name);
}

function findRoot(degree, p) {
  const order = BigInt(2 * degree);
  const prime = BigInt(p);
  for (let base = 2n; ; base++) {
    const root = power(base, (prime - 1n) / order, prime);
    if (power(root, order / 2n, prime) !== prime - 1n) continue;
    let least = root;
    const square = (root * root) % prime;
    for (let each = root, i = 0; i < degree; i++, each = (each * square) % prime) if (each < least) least = each;
    return Number(least);
  }
}

function reversed(index, degree) {
  let result = 0;
  for (let bit = 1; bit < degree; bit *= 2, index >>= 1) result = 2 * result + (index & 1);
  return result;
}

// The N numbers that make a_l modulo p, in the order in which they are drawn.
export function drawnElement({ suite, epoch_hash: epochHash, hash }, l, p, degree) {
  const context = domainMessage('rlwe/element', suite, epochHash, hash, l, p);
  const stream = createHash('shake128', { outputLength: 8 * degree })
    .update(context)
    .digest();
  const drawn = [];
  for (let at = 0; drawn.length < degree; at += 4) {
    const candidate = stream.readUInt32LE(at) % 2 ** RESIDUE_BITS;
    if (candidate < p) drawn.push(candidate);
  }
  return drawn;
}

// Coefficients of a_l modulo p. Products of two residues stay below 2^52, so doubles are exact.
function element(config, l, p, degree) {
  const values = new Float64Array(degree);
  drawnElement(config, l, p, degree).forEach((value, k) => (values[reversed(k, degree)] = value));
  // values[j] belongs to psi^(2j + 1): a_i = psi^-i / N times the inverse transform of order N.
  const prime = BigInt(p);
  const inverseRoot = power(BigInt(smallestRoot(degree, p)), prime - 2n, prime);
  const spectrum = transform(values, Number((inverseRoot * inverseRoot) % prime), p);
  let factor = Number(power(BigInt(degree), prime - 2n, prime));
  return spectrum.map((value) => {
    const coefficient = (value * factor) % p;
    factor = (factor * Number(inverseRoot)) % p;
    return coefficient;
  });
}

// sum over j of values[j] root^(i j), by halving.
function transform(values, root, p) {
  const { length } = values;
  if (length === 1) return values;
  const half = length / 2;
  const square = (root * root) % p;
  const [even, odd] = [0, 1].map((parity) =>
    transform(
      Float64Array.from({ length: half }, (_, i) => values[2 * i + parity]),
      square,
      p,
    ),
  );
  const out = new Float64Array(length);
  for (let i = 0, twiddle = 1; i < half; i++, twiddle = (twiddle * root) % p) {
    const term = (twiddle * odd[i]) % p;
    out[i] = (even[i] + term) % p;
    out[i + half] = (even[i] - term + p) % p;
  }
  return out;
}

// a s in Z_p[X] / (X^N + 1), term by term: N terms below 2^26 2^13 each sum to less than 2^53.
function product(a, s, p) {
  const degree = a.length;
  const out = new Float64Array(degree);
  for (let i = 0; i < degree; i++) {
    const factor = s[i];
    if (factor === 0) continue;
    for (let k = 0; k < degree - i; k++) out[i + k] += factor * a[k];
    for (let k = degree - i; k < degree; k++) out[i + k - degree] -= factor * a[k];
  }
  return out.map((value) => ((value % p) + p) % p);
}
