/** Public constants of the moduli. BigInt is fine here: nothing is secret, and all of it is computed once. */

export function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let square = base % modulus, left = exponent; left > 0n; left >>= 1n, square = (square * square) % modulus)
    if (left & 1n) result = (result * square) % modulus;
  return result;
}

/** 1/a modulo a prime. */
export const inverseModulo = (a: bigint, prime: bigint): bigint =>
  power(((a % prime) + prime) % prime, prime - 2n, prime);

/**
 * The smallest primitive 2n-th root of unity modulo p, as Microsoft SEAL takes it.
 *
 * @param degree n, a power of two with p = 1 mod 2n
 */
export function minimalRoot(degree: number, p: number): bigint {
  const prime = BigInt(p);
  const order = BigInt(2 * degree);
  let root: bigint;
  for (let candidate = 2n; ; candidate++) {
    root = power(candidate, (prime - 1n) / order, prime);
    if (power(root, order / 2n, prime) === prime - 1n) break;
  }
  // The odd powers of one are all of them.
  const square = (root * root) % prime;
  let least = root;
  for (let i = 0, each = root; i < degree; i++, each = (each * square) % prime) if (each < least) least = each;
  return least;
}

export function reverseBits(index: number, degree: number): number {
  let reversed = 0;
  for (let bit = 1, rest = index; bit < degree; bit <<= 1, rest >>= 1) reversed = (reversed << 1) | (rest & 1);
  return reversed;
}

/** floor(w 2^32 / p): Shoup's quotient. */
export const quotient = (w: bigint, p: bigint): bigint => (w << 32n) / p;
