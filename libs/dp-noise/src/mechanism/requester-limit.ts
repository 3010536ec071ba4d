import { createHmac } from 'node:crypto';
import { DpNoiseError } from '../errors';

export interface RequestLimits {
  /** c: requests of one requester taken in a round by this router, at least 1. */
  readonly requestsPerRequester: number;
  /** Requests taken in a round altogether, at least 1: what the words of the layout have room for. */
  readonly maxRequests: number;
}

/** Why a request is not taken. */
export type RequestRefusal = 'requester_limit' | 'round_limit';

/**
 * Which requests a round takes, for the privacy unit `request` (docs/privacy.md).
 *
 * It looks at who sent a request and how many came before, never at what is in it. So a request whose values become
 * zero keeps its slot, the choice of all others stays, and the sums move by that request's own clipped vector and
 * nothing else. Requester ids are held only as HMAC-SHA256 under a key of this round, in memory, and go with this
 * object.
 */
export class RequesterLimit {
  private readonly takenOf = new Map<string, number>();
  private taken = 0;

  /**
   * @param hashKey at least 16 random bytes, fresh for this round
   * @throws DpNoiseError `invalid`
   */
  constructor(
    private readonly limits: RequestLimits,
    private readonly hashKey: Uint8Array,
  ) {
    const { requestsPerRequester, maxRequests } = limits;
    if (
      [requestsPerRequester, maxRequests].every((value) => Number.isSafeInteger(value) && value >= 1) &&
      hashKey.length >= 16
    )
      return;
    throw new DpNoiseError('invalid', 'Limits must be positive integers, the hash key 16 bytes or more', { ...limits });
  }

  /**
   * Takes a slot for the next request, or says why there is none.
   * @param requester who sent it; undefined when unknown, and then only `maxRequests` limits it
   */
  take(requester: string | undefined): RequestRefusal | undefined {
    if (this.taken >= this.limits.maxRequests) return 'round_limit';
    if (requester !== undefined) {
      const hash = createHmac('sha256', this.hashKey).update(requester).digest('base64');
      const before = this.takenOf.get(hash) ?? 0;
      if (before >= this.limits.requestsPerRequester) return 'requester_limit';
      this.takenOf.set(hash, before + 1);
    }
    this.taken += 1;
    return undefined;
  }
}
