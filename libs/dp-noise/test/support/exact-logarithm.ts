/**
 * Arithmetic with 240 bits after the point, to hold figures in double precision against: numbers are taken exactly as
 * they are.
 */
const BITS = 240n;
export const ONE = 1n << BITS;

/** Exact for every double down to 2^-240; below that nothing is left of it. */
export function fixed(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & ((1n << 52n) - 1n);
  const mantissa = exponent === 0 ? fraction : fraction | (1n << 52n);
  const shift = BigInt(Math.max(exponent, 1) - 1075) + BITS;
  const size = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  return value < 0 ? -size : size;
}

export const times = (a: bigint, b: bigint): bigint => (a * b) >> BITS;
export const over = (a: bigint, b: bigint): bigint => (a << BITS) / b;

/** To about 2^-200 for what is at least 2^-60. */
export function ln(value: bigint): bigint {
  let [mantissa, twos] = [value, 0n];
  // Between 2/3 and 4/3, where the series is short.
  for (; 3n * mantissa >= 4n * ONE; twos += 1n) mantissa >>= 1n;
  for (; 3n * mantissa < 2n * ONE; twos -= 1n) mantissa <<= 1n;
  return twos * LN_2 + lnOf(mantissa);
}

/** 2 artanh((x - 1)/(x + 1)), by its series. */
function lnOf(x: bigint): bigint {
  const z = over(x - ONE, x + ONE);
  const square = times(z, z);
  let [sum, power] = [0n, z];
  for (let n = 1n; power !== 0n && power !== -1n; n += 2n) {
    sum += power / n;
    power = times(power, square);
  }
  return 2n * sum;
}

const LN_2 = -lnOf(ONE / 2n);

/** The nearest double, or nearly. */
export const toNumber = (value: bigint): number => Number(value >> (BITS - 120n)) / 2 ** 120;
