import { DpNoiseError } from '../errors';

/**
 * Variance sigma^2 = numerator/denominator of a discrete Gaussian, in squared integer units.
 *
 * Supported: integers, 1 <= numerator <= 2^52, 1 <= denominator <= 2^16, and 2^-4 <= sigma^2 <= 2^50
 * (sigma from 1/4 to 2^25). The fraction need not be in lowest terms; equal values give equal distributions.
 */
export interface Variance {
  readonly numerator: number;
  readonly denominator: number;
}

export const MAX_VARIANCE_NUMERATOR = 0x10000000000000;
export const MAX_VARIANCE_DENOMINATOR = 0x10000;
/** Largest supported sigma^2, an integer: sigma = 2^25. */
export const MAX_VARIANCE = 0x4000000000000;

const isIntegerIn = (value: number, maximum: number): boolean =>
  Number.isSafeInteger(value) && value >= 1 && value <= maximum;

/** Whether the sampler supports this variance (see `Variance`). */
export function isSupportedVariance(variance: Variance): boolean {
  const { numerator, denominator } = variance;
  if (!isIntegerIn(numerator, MAX_VARIANCE_NUMERATOR) || !isIntegerIn(denominator, MAX_VARIANCE_DENOMINATOR))
    return false;
  const [a, b] = [BigInt(numerator), BigInt(denominator)];
  return a * 16n >= b && a <= b * BigInt(MAX_VARIANCE);
}

/** @throws DpNoiseError `variance_out_of_range` unless the sampler supports the variance. */
export function assertSupportedVariance(variance: Variance): void {
  if (isSupportedVariance(variance)) return;
  throw new DpNoiseError(
    'variance_out_of_range',
    'The noise variance must be a fraction of integers with 2^-4 <= sigma^2 <= 2^50',
    {
      numerator: variance.numerator,
      denominator: variance.denominator,
    },
  );
}
