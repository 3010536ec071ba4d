/**
 * Arithmetic of suite `rlwe` in linear memory (AssemblyScript). One source is compiled twice, with and without SIMD;
 * both give the same bits. One file, since the compiler inlines only what it sees together. Nothing branches on,
 * divides, or indexes memory by a value that may be secret.
 *
 * Moduli p are primes below 2^26, so a product of two residues has 52 bits and 13 sums of 2p fit 32 bits. Vectors of
 * residues are u32. Shoup's product (Harvey 2014, "Faster arithmetic for number-theoretic transforms", section 2): with
 * w' = floor(w 2^32 / p), v w - floor(v w' / 2^32) p lies in [0, 2p) for every 32-bit v.
 */

// @ts-ignore: decorator
@inline
function mulHigh(a: v128, b: v128): v128 {
  return v128.shuffle<u32>(i64x2.extmul_low_i32x4_u(a, b), i64x2.extmul_high_i32x4_u(a, b), 1, 3, 5, 7);
}

// @ts-ignore: decorator
@inline
function shoup(v: v128, w: v128, wShoup: v128, p: v128): v128 {
  return v128.sub<u32>(v128.mul<u32>(v, w), v128.mul<u32>(mulHigh(v, wShoup), p));
}

// @ts-ignore: decorator
@inline
function shoup1(v: u32, w: u32, wShoup: u32, p: u32): u32 {
  return v * w - <u32>((<u64>v * <u64>wShoup) >> 32) * p;
}

/** x mod m for x below 2m: the difference wraps to a larger number where x is below m. */
// @ts-ignore: decorator
@inline
function fold(x: v128, m: v128): v128 {
  return v128.min<u32>(x, v128.sub<u32>(x, m));
}

// @ts-ignore: decorator
@inline
function fold1(x: u32, m: u32): u32 {
  const d = x - m;
  return d + (m & <u32>(<i32>d >> 31));
}

/**
 * Negacyclic transform in place (Longa, Naehrig 2016, algorithm 1): a[n] below p in natural order becomes values at the
 * odd powers of the 2n-th root psi in bit-reversed order, below p. `roots` holds psi^bitrev(k), then the same with
 * Shoup's quotients. Values grow by 2p a stage and are reduced once at the end: n up to 4096 has 12 stages, so they
 * stay below 25p.
 */
export function forward(a: usize, n: u32, roots: usize, p: u32): void {
  const quotients = roots + (<usize>n << 2);
  const one = <u32>(0x100000000 / <u64>p);
  if (ASC_FEATURE_SIMD) {
    const pp = i32x4.splat(p);
    const p2 = i32x4.splat(2 * p);
    let t: u32 = n >> 1;
    for (let m: u32 = 1; t >= 4; m <<= 1, t >>= 1) {
      for (let i: u32 = 0; i < m; i++) {
        const w = v128.load_splat<u32>(roots + (<usize>(m + i) << 2));
        const q = v128.load_splat<u32>(quotients + (<usize>(m + i) << 2));
        let x = a + (<usize>(2 * i * t) << 2);
        let y = x + (<usize>t << 2);
        for (const end = y; x < end; x += 16, y += 16) {
          const u = v128.load(x);
          const v = shoup(v128.load(y), w, q, pp);
          v128.store(x, v128.add<u32>(u, v));
          v128.store(y, v128.add<u32>(v128.sub<u32>(u, v), p2));
        }
      }
    }
    // Distances 2 and 1 lie within vectors.
    for (let k: usize = 0, root: usize = n; k < <usize>n << 2; k += 32, root += 8) {
      const r = v128.load64_zero(roots + root);
      const s = v128.load64_zero(quotients + root);
      const v0 = v128.load(a + k);
      const v1 = v128.load(a + k, 16);
      const u = v128.shuffle<u32>(v0, v1, 0, 1, 4, 5);
      const v = shoup(
        v128.shuffle<u32>(v0, v1, 2, 3, 6, 7),
        v128.shuffle<u32>(r, r, 0, 0, 1, 1),
        v128.shuffle<u32>(s, s, 0, 0, 1, 1),
        pp,
      );
      const x = v128.add<u32>(u, v);
      const y = v128.add<u32>(v128.sub<u32>(u, v), p2);
      v128.store(a + k, v128.shuffle<u32>(x, y, 0, 1, 4, 5));
      v128.store(a + k, v128.shuffle<u32>(x, y, 2, 3, 6, 7), 16);
    }
    const ones = i32x4.splat(one);
    for (let k: usize = 0, root: usize = <usize>n << 1; k < <usize>n << 2; k += 32, root += 16) {
      const v0 = v128.load(a + k);
      const v1 = v128.load(a + k, 16);
      const u = v128.shuffle<u32>(v0, v1, 0, 2, 4, 6);
      const v = shoup(v128.shuffle<u32>(v0, v1, 1, 3, 5, 7), v128.load(roots + root), v128.load(quotients + root), pp);
      let x = v128.add<u32>(u, v);
      let y = v128.add<u32>(v128.sub<u32>(u, v), p2);
      x = fold(v128.sub<u32>(x, v128.mul<u32>(mulHigh(x, ones), pp)), pp);
      y = fold(v128.sub<u32>(y, v128.mul<u32>(mulHigh(y, ones), pp)), pp);
      v128.store(a + k, v128.shuffle<u32>(x, y, 0, 4, 1, 5));
      v128.store(a + k, v128.shuffle<u32>(x, y, 2, 6, 3, 7), 16);
    }
  } else {
    for (let m: u32 = 1, t: u32 = n >> 1; t > 0; m <<= 1, t >>= 1) {
      for (let i: u32 = 0; i < m; i++) {
        const w = load<u32>(roots + (<usize>(m + i) << 2));
        const q = load<u32>(quotients + (<usize>(m + i) << 2));
        let x = a + (<usize>(2 * i * t) << 2);
        let y = x + (<usize>t << 2);
        for (const end = y; x < end; x += 4, y += 4) {
          const u = load<u32>(x);
          const v = shoup1(load<u32>(y), w, q, p);
          store<u32>(x, u + v);
          store<u32>(y, u - v + 2 * p);
        }
      }
    }
    for (let k: usize = 0; k < <usize>n << 2; k += 4) {
      const v = load<u32>(a + k);
      store<u32>(a + k, fold1(v - <u32>((<u64>v * <u64>one) >> 32) * p, p));
    }
  }
}

/**
 * Inverse of {@link forward} (Longa, Naehrig 2016, algorithm 2). `roots` holds psi^-bitrev(k), then their quotients;
 * `scale` is 1/n mod p and `scaleShoup` its quotient. Values stay below 2p between stages.
 */
export function inverse(a: usize, n: u32, roots: usize, p: u32, scale: u32, scaleShoup: u32): void {
  const quotients = roots + (<usize>n << 2);
  if (ASC_FEATURE_SIMD) {
    const pp = i32x4.splat(p);
    const p2 = i32x4.splat(2 * p);
    for (let k: usize = 0, root: usize = <usize>n << 1; k < <usize>n << 2; k += 32, root += 16) {
      const v0 = v128.load(a + k);
      const v1 = v128.load(a + k, 16);
      const u = v128.shuffle<u32>(v0, v1, 0, 2, 4, 6);
      const v = v128.shuffle<u32>(v0, v1, 1, 3, 5, 7);
      const x = fold(v128.add<u32>(u, v), p2);
      const y = shoup(
        v128.add<u32>(v128.sub<u32>(u, v), p2),
        v128.load(roots + root),
        v128.load(quotients + root),
        pp,
      );
      v128.store(a + k, v128.shuffle<u32>(x, y, 0, 4, 1, 5));
      v128.store(a + k, v128.shuffle<u32>(x, y, 2, 6, 3, 7), 16);
    }
    for (let k: usize = 0, root: usize = n; k < <usize>n << 2; k += 32, root += 8) {
      const r = v128.load64_zero(roots + root);
      const s = v128.load64_zero(quotients + root);
      const v0 = v128.load(a + k);
      const v1 = v128.load(a + k, 16);
      const u = v128.shuffle<u32>(v0, v1, 0, 1, 4, 5);
      const v = v128.shuffle<u32>(v0, v1, 2, 3, 6, 7);
      const x = fold(v128.add<u32>(u, v), p2);
      const y = shoup(
        v128.add<u32>(v128.sub<u32>(u, v), p2),
        v128.shuffle<u32>(r, r, 0, 0, 1, 1),
        v128.shuffle<u32>(s, s, 0, 0, 1, 1),
        pp,
      );
      v128.store(a + k, v128.shuffle<u32>(x, y, 0, 1, 4, 5));
      v128.store(a + k, v128.shuffle<u32>(x, y, 2, 3, 6, 7), 16);
    }
    for (let t: u32 = 4, h: u32 = n >> 3; h > 0; t <<= 1, h >>= 1) {
      for (let i: u32 = 0; i < h; i++) {
        const w = v128.load_splat<u32>(roots + (<usize>(h + i) << 2));
        const q = v128.load_splat<u32>(quotients + (<usize>(h + i) << 2));
        let x = a + (<usize>(2 * i * t) << 2);
        let y = x + (<usize>t << 2);
        for (const end = y; x < end; x += 16, y += 16) {
          const u = v128.load(x);
          const v = v128.load(y);
          v128.store(x, fold(v128.add<u32>(u, v), p2));
          v128.store(y, shoup(v128.add<u32>(v128.sub<u32>(u, v), p2), w, q, pp));
        }
      }
    }
    const s = i32x4.splat(scale);
    const sq = i32x4.splat(scaleShoup);
    for (let k: usize = 0; k < <usize>n << 2; k += 16) v128.store(a + k, fold(shoup(v128.load(a + k), s, sq, pp), pp));
  } else {
    for (let t: u32 = 1, h: u32 = n >> 1; h > 0; t <<= 1, h >>= 1) {
      for (let i: u32 = 0; i < h; i++) {
        const w = load<u32>(roots + (<usize>(h + i) << 2));
        const q = load<u32>(quotients + (<usize>(h + i) << 2));
        let x = a + (<usize>(2 * i * t) << 2);
        let y = x + (<usize>t << 2);
        for (const end = y; x < end; x += 4, y += 4) {
          const u = load<u32>(x);
          const v = load<u32>(y);
          store<u32>(x, fold1(u + v, 2 * p));
          store<u32>(y, shoup1(u - v + 2 * p, w, q, p));
        }
      }
    }
    for (let k: usize = 0; k < <usize>n << 2; k += 4)
      store<u32>(a + k, fold1(shoup1(load<u32>(a + k), scale, scaleShoup, p), p));
  }
}

/**
 * out[i] = a[i] b[i] mod p, where b is in Montgomery form (b 2^32 mod p); all below p. `negInverse` is -1/p mod 2^32.
 * Montgomery 1985: (ab + (ab negInverse mod 2^32) p) / 2^32 < 2p. The low halves sum to 2^32, or both are zero.
 */
export function multiply(out: usize, a: usize, b: usize, n: u32, p: u32, negInverse: u32): void {
  if (ASC_FEATURE_SIMD) {
    const pp = i32x4.splat(p);
    const inverses = i32x4.splat(negInverse);
    const zero = i32x4.splat(0);
    for (let k: usize = 0; k < <usize>n << 2; k += 16) {
      const x = v128.load(a + k);
      const y = v128.load(b + k);
      const low = v128.mul<u32>(x, y);
      const m = v128.mul<u32>(low, inverses);
      // Subtracting the mask of all ones adds the carry of the low halves.
      const carried = v128.sub<u32>(v128.add<u32>(mulHigh(x, y), mulHigh(m, pp)), v128.ne<u32>(low, zero));
      v128.store(out + k, fold(carried, pp));
    }
  } else {
    for (let k: usize = 0; k < <usize>n << 2; k += 4) {
      const product = <u64>load<u32>(a + k) * <u64>load<u32>(b + k);
      const m = <u32>product * negInverse;
      store<u32>(out + k, fold1(<u32>((product + <u64>m * <u64>p) >> 32), p));
    }
  }
}

/** out[i] = a[i] + b[i] mod p; all below p. */
export function add(out: usize, a: usize, b: usize, n: u32, p: u32): void {
  for (let k: usize = 0; k < <usize>n << 2; k += 4)
    store<u32>(out + k, fold1(load<u32>(a + k) + load<u32>(b + k), p));
}

/** out[i] = a[i] - b[i] mod p; all below p. */
export function subtract(out: usize, a: usize, b: usize, n: u32, p: u32): void {
  for (let k: usize = 0; k < <usize>n << 2; k += 4)
    store<u32>(out + k, fold1(load<u32>(a + k) + p - load<u32>(b + k), p));
}

/** out[i] = values[i] mod p for signed 32-bit values of magnitude below p. */
export function lift(out: usize, values: usize, n: u32, p: u32): void {
  for (let k: usize = 0; k < <usize>n << 2; k += 4) {
    const v = load<i32>(values + k);
    store<u32>(out + k, <u32>v + (<u32>(v >> 31) & p));
  }
}

/**
 * Discrete Gaussian by cumulative table, in constant time: |x| is the number of entries that a uniform 64-bit number
 * reaches. `table` holds `entries` u64 in increasing order with their top bit flipped, so that the signed comparison of
 * SIMD orders them. `random` holds n u64, then n/8 bytes of signs. n is a multiple of 8. Writes n i32.
 */
export function gaussian(out: usize, random: usize, n: u32, table: usize, entries: u32): void {
  const signs = random + (<usize>n << 3);
  const end = table + (<usize>entries << 3);
  if (ASC_FEATURE_SIMD) {
    const flip = i64x2.splat(0x8000000000000000);
    for (let i: u32 = 0; i < n; i += 4) {
      const first = v128.xor(v128.load(random + (<usize>i << 3)), flip);
      const second = v128.xor(v128.load(random + (<usize>i << 3), 16), flip);
      let low = i64x2.splat(0);
      let high = i64x2.splat(0);
      for (let entry = table; entry < end; entry += 8) {
        const bound = v128.load_splat<u64>(entry);
        low = v128.sub<i64>(low, v128.ge<i64>(first, bound));
        high = v128.sub<i64>(high, v128.ge<i64>(second, bound));
      }
      const magnitude = v128.shuffle<u32>(low, high, 0, 2, 4, 6);
      const bits = <u32>load<u8>(signs + <usize>(i >> 3)) >> (i & 4);
      const negative = i32x4(-(<i32>bits & 1), -((<i32>bits >> 1) & 1), -((<i32>bits >> 2) & 1), -((<i32>bits >> 3) & 1));
      v128.store(out + (<usize>i << 2), v128.sub<i32>(v128.xor(magnitude, negative), negative));
    }
  } else {
    for (let i: u32 = 0; i < n; i++) {
      const r = <i64>(load<u64>(random + (<usize>i << 3)) ^ 0x8000000000000000);
      let magnitude: i32 = 0;
      for (let entry = table; entry < end; entry += 8) magnitude += <i32>(r >= load<i64>(entry));
      const negative = -((<i32>load<u8>(signs + <usize>(i >> 3)) >> (i & 7)) & 1);
      store<i32>(out + (<usize>i << 2), (magnitude ^ negative) - negative);
    }
  }
}

/**
 * Integers of one coefficient each: x = sum of values[v] 2^(bits v), as low and high half of 128 bits in two's
 * complement. `values` holds f64 integers of magnitude below 2^(bits - 1); bits perCoefficient is at most 95.
 */
export function join(out: usize, values: usize, coefficients: u32, perCoefficient: u32, bits: u32): void {
  let from = values;
  for (let c: u32 = 0; c < coefficients; c++) {
    let low: u64 = 0;
    let high: u64 = 0;
    for (let v: u32 = 0; v < perCoefficient; v++, from += 8) {
      const value = <i64>load<f64>(from);
      const sign = <u64>(value >> 63);
      const shift = bits * v;
      let addLow: u64;
      let addHigh: u64;
      if (shift == 0) {
        addLow = <u64>value;
        addHigh = sign;
      } else if (shift < 64) {
        addLow = <u64>value << shift;
        addHigh = (<u64>value >> (64 - shift)) | (sign << shift);
      } else {
        addLow = 0;
        addHigh = <u64>value << (shift - 64);
      }
      const sum = low + addLow;
      high += addHigh + <u64>(sum < low);
      low = sum;
    }
    store<u64>(out + (<usize>c << 4), low);
    store<u64>(out + (<usize>c << 4), high, 8);
  }
}

/**
 * The inverse of {@link join}: the integers from -2^(bits - 1) to 2^(bits - 1) - 1 that x stands for, lowest first.
 * Public data.
 */
export function split(out: usize, integers: usize, coefficients: u32, perCoefficient: u32, bits: u32): void {
  const half: u64 = <u64>1 << (bits - 1);
  const mask: u64 = (<u64>1 << bits) - 1;
  let to = out;
  for (let c: u32 = 0; c < coefficients; c++) {
    let low = load<u64>(integers + (<usize>c << 4));
    let high = load<u64>(integers + (<usize>c << 4), 8);
    for (let v: u32 = 0; v < perCoefficient; v++, to += 8) {
      const digit = low & mask;
      const isNegative = <u64>(digit >= half);
      store<f64>(to, <f64>(<i64>digit - (<i64>isNegative << bits)));
      low = (low >> bits) | (high << (64 - bits));
      high >>= bits;
      // A negative digit has borrowed from the next one.
      const carried = low + isNegative;
      high += <u64>(carried < low);
      low = carried;
    }
  }
}

/** High half of a 64-bit product, by 32-bit halves. */
// @ts-ignore: decorator
@inline
function mulHigh64(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff;
  const a1 = a >> 32;
  const b0 = b & 0xffffffff;
  const b1 = b >> 32;
  const middle = a1 * b0 + ((a0 * b0) >> 32);
  return a1 * b1 + (middle >> 32) + ((a0 * b1 + (middle & 0xffffffff)) >> 32);
}

/** z 2^-32 mod p for z below 2^60, as a number below 2^28 + p. */
// @ts-ignore: decorator
@inline
function reduce(z: u64, p: u32, negInverse: u32): u64 {
  const m = <u64>(<u32>z * negInverse);
  return (z + m * <u64>p) >> 32;
}

/**
 * out[c] = 2^j x mod p for x of magnitude below 2^95, as {@link join} writes them.
 * `constants` of p, u64 each: 2^32, 2^64, 2^96 and -2^96 mod p, and 2^(64 + j) mod p.
 */
export function scaleUp(out: usize, integers: usize, coefficients: u32, p: u32, negInverse: u32, constants: usize): void {
  const c32 = load<u64>(constants);
  const c64 = load<u64>(constants, 8);
  const c96 = load<u64>(constants, 16);
  const offset = load<u64>(constants, 24);
  const scale = load<u64>(constants, 32);
  for (let c: u32 = 0; c < coefficients; c++) {
    const low = load<u64>(integers + (<usize>c << 4));
    // x + 2^96 is not negative, whatever the sign of x.
    const high = load<u64>(integers + (<usize>c << 4), 8) + 0x100000000;
    const z = (low & 0xffffffff) + (low >> 32) * c32 + (high & 0xffffffff) * c64 + (high >> 32) * c96 + offset;
    // Two reductions by 2^32 each undo the 2^64 of the scale.
    const t = reduce(reduce(z, p, negInverse) * scale, p, negInverse);
    store<u32>(out + (<usize>c << 2), fold1(<u32>t, p));
  }
}

/**
 * Adds y q/p to out[c] (low and high u64), where y = residue[c] inverse mod p: over all primes of q this sums to the
 * number that the residues stand for, plus a small multiple of q (Chinese remainder theorem). Public data.
 * `inverse` is (q/p)^-1 mod p and `inverseShoup` its quotient.
 */
export function addResidues(
  out: usize,
  residues: usize,
  coefficients: u32,
  cofactorLow: u64,
  cofactorHigh: u64,
  p: u32,
  inverse: u32,
  inverseShoup: u32,
): void {
  for (let c: u32 = 0; c < coefficients; c++) {
    const y = <u64>fold1(shoup1(load<u32>(residues + (<usize>c << 2)), inverse, inverseShoup, p), p);
    const low = y * cofactorLow;
    const high = mulHigh64(y, cofactorLow) + y * cofactorHigh;
    const at = out + (<usize>c << 4);
    const sum = load<u64>(at) + low;
    store<u64>(at, load<u64>(at, 8) + high + <u64>(sum < low), 8);
    store<u64>(at, sum);
  }
}

/**
 * x[c] = round(v / 2^j) for the sums v of {@link addResidues}, taken mod q as the numbers closest to zero; in place, in
 * two's complement. Halves round up. Gives the largest |v - 2^j x|. Public data. `qLow`, `qHigh`: q, below 2^104. j
 * from 1 to 103.
 */
export function decode(integers: usize, coefficients: u32, qLow: u64, qHigh: u64, j: u32): f64 {
  const halfLow = (qLow >> 1) | (qHigh << 63);
  const halfHigh = qHigh >> 1;
  const roundLow: u64 = j <= 64 ? <u64>1 << (j - 1) : 0;
  const roundHigh: u64 = j <= 64 ? 0 : <u64>1 << (j - 65);
  const maskLow: u64 = j >= 64 ? 0xffffffffffffffff : (<u64>1 << j) - 1;
  const maskHigh: u64 = j <= 64 ? 0 : (<u64>1 << (j - 64)) - 1;
  let largest: f64 = 0;
  for (let c: u32 = 0; c < coefficients; c++) {
    const at = integers + (<usize>c << 4);
    let low = load<u64>(at);
    let high = load<u64>(at, 8);
    // Until v is at most (q - 1) / 2; the last subtraction makes it negative.
    while (<i64>high >= 0 && (high > halfHigh || (high == halfHigh && low > halfLow))) {
      high -= qHigh + <u64>(low < qLow);
      low -= qLow;
    }
    const sum = low + roundLow;
    high += roundHigh + <u64>(sum < low);
    low = sum;
    // What is left below 2^j is the remainder plus 2^(j-1). Subtracted as integers: beside 2^(j-1) doubles lose a small
    // remainder.
    let restLow = low & maskLow;
    let restHigh = (high & maskHigh) - roundHigh - <u64>(restLow < roundLow);
    restLow -= roundLow;
    if (<i64>restHigh < 0) {
      restHigh = ~restHigh + <u64>(restLow == 0);
      restLow = ~restLow + 1;
    }
    largest = max(largest, <f64>restHigh * 18446744073709551616.0 + <f64>restLow);
    if (j >= 64) {
      store<u64>(at, j == 64 ? high : <u64>(<i64>high >> (j - 64)));
      store<u64>(at, <u64>(<i64>high >> 63), 8);
    } else {
      store<u64>(at, (low >> j) | (high << (64 - j)));
      store<u64>(at, <u64>(<i64>high >> j), 8);
    }
  }
  return largest;
}

/** Packs n residues of 26 bits, lowest bit first; n is a multiple of 4, and every 4 take 13 bytes. */
export function pack(out: usize, residues: usize, n: u32): void {
  let to = out;
  for (let k: usize = 0; k < <usize>n << 2; k += 16, to += 13) {
    const r0 = <u64>load<u32>(residues + k);
    const r1 = <u64>load<u32>(residues + k, 4);
    const r2 = <u64>load<u32>(residues + k, 8);
    const r3 = <u64>load<u32>(residues + k, 12);
    store<u64>(to, r0 | (r1 << 26) | (r2 << 52));
    const high = (r2 >> 12) | (r3 << 14);
    store<u32>(to, <u32>high, 8);
    store<u8>(to, <u8>(high >> 32), 12);
  }
}

/** The inverse of {@link pack}. Gives 0 when every residue is below p, and 1 otherwise. */
export function unpack(out: usize, packed: usize, n: u32, p: u32): u32 {
  let from = packed;
  let tooLarge: u32 = 0;
  const mask: u64 = 0x3ffffff;
  for (let k: usize = 0; k < <usize>n << 2; k += 16, from += 13) {
    const low = load<u64>(from);
    const high = <u64>load<u32>(from, 8) | (<u64>load<u8>(from, 12) << 32);
    const r0 = <u32>(low & mask);
    const r1 = <u32>((low >> 26) & mask);
    const r2 = <u32>((low >> 52) | ((high << 12) & mask));
    const r3 = <u32>(high >> 14);
    tooLarge |= u32(r0 >= p) | u32(r1 >= p) | u32(r2 >= p) | u32(r3 >= p);
    store<u32>(out + k, r0);
    store<u32>(out + k, r1, 4);
    store<u32>(out + k, r2, 8);
    store<u32>(out + k, r3, 12);
  }
  return tooLarge;
}
