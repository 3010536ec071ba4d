/** Stable codes of everything this library refuses. */
export type DpNoiseErrorCode =
  /** An argument is outside its documented range. */
  | 'invalid'
  /** A variance is malformed, or outside what the sampler supports. */
  | 'variance_out_of_range'
  /** A sample does not fit 32 bits; the chance is below 2^-2900 for every supported variance. */
  | 'noise_out_of_range'
  /** One share is narrower than 1/2, below which nothing is proven of sums of discrete Gaussians. */
  | 'noise_too_narrow'
  /** The shares are so narrow that their sum is not close enough to a discrete Gaussian. */
  | 'tau_not_negligible'
  /** The set has no contribution left once the assumed colluders are subtracted. */
  | 'no_honest_contribution'
  /** A ledger event does not follow from the state it is applied to. */
  | 'illegal_event';

/** Error of this library; `code` is stable, the message is for people. */
export class DpNoiseError extends Error {
  override readonly name = 'DpNoiseError';

  constructor(
    readonly code: DpNoiseErrorCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}
