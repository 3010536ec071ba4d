/**
 * One draw from a Beta distribution, as the ratio of Gamma draws (G. Marsaglia, W. Tsang, ACM Transactions on
 * Mathematical Software 26, 2000).
 */

/** @param next uniform in [0, 1) */
export function betaDraw(
  { alpha, beta }: { readonly alpha: number; readonly beta: number },
  next: () => number,
): number {
  // Logarithms: with parameters far below 1 both draws may underflow.
  const [a, b] = [logGammaDraw(alpha, next), logGammaDraw(beta, next)];
  return 1 / (1 + Math.exp(b - a));
}

function logGammaDraw(shape: number, next: () => number): number {
  // X(shape) is X(shape + 1) U^(1/shape).
  if (shape < 1) return logGammaDraw(shape + 1, next) + Math.log(1 - next()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normalDraw(next);
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}

const normalDraw = (next: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
