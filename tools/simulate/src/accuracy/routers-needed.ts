/** How large a fleet has to be before the unit `router` leaves something to see. */
import { DEFAULT_WITHHOLD_BELOW } from '@secagg/schema';

/**
 * Routers from which a key is published and, where asked for, the standard error of its success rate is at most so
 * much.
 *
 * The noise on a count (`countStandardError`, in requests) depends on the bound and epsilon only, while the count grows
 * with the number of routers N: it is published from N n = 5 standard errors on. With successes sent as -1/2 or +1/2 of
 * twice the scale, the rate r has the standard error sqrt(1/4 + (r - 1/2)^2) / (N n) of a count's (delta method), at
 * most sqrt(1/2) / (N n).
 * @param requestsPerRouter n: requests of the key that an average router sees in a round
 */
export function routersNeeded(
  countStandardError: number,
  requestsPerRouter: number,
  rateStandardError?: number,
): number {
  const requests =
    Math.max(DEFAULT_WITHHOLD_BELOW, rateStandardError === undefined ? 0 : Math.SQRT1_2 / rateStandardError) *
    countStandardError;
  return Math.ceil(requests / requestsPerRouter);
}
