/** Unit `request`: every request is clipped on its own before it is added (docs/privacy.md). */
import { createHmac } from 'node:crypto';
import { DpNoiseError } from '../errors';
import { clipToL2Ball } from './clip';

export interface RequestLimits {
  /** Length of the vector of sums. */
  readonly dimension: number;
  /** C: largest L2 norm one request may have, integer units, 1 to 2^47. It is the sensitivity. */
  readonly bound: number;
  /** c: requests of one requester taken in a round by this router. */
  readonly requestsPerRequester: number;
  /** Requests taken in a round altogether; with |sum| <= maxRequests * C it keeps the sums inside the words of the layout. */
  readonly maxRequests: number;
}

/** `clipped` was added, scaled down; `requester_limit` and `round_limit` were not added. */
export type RequestOutcome = 'added' | 'clipped' | 'requester_limit' | 'round_limit';

/**
 * Sums of clipped requests.
 *
 * Whether a request is taken depends on who sent it and on its place in the order only, never on its values, so replacing
 * its values by zero changes the sums by at most C in L2 norm and nothing else. Requester ids are kept only as
 * HMAC-SHA256 under a key of this round, in memory, and leave with it.
 */
export class RequestSums {
  /** The sums so far: integers. */
  readonly sums: Float64Array;
  private readonly takenOf = new Map<string, number>();
  private taken = 0;

  /**
   * @param hashKey at least 16 random bytes, fresh for this round
   * @throws DpNoiseError `invalid`
   */
  constructor(private readonly limits: RequestLimits, private readonly hashKey: Uint8Array) {
    const counts = [limits.dimension, limits.bound, limits.requestsPerRequester, limits.maxRequests];
    if (!counts.every((value) => Number.isSafeInteger(value) && value >= 1) || hashKey.length < 16) {
      throw new DpNoiseError('invalid', 'Limits must be positive integers, the hash key 16 bytes or more', { ...limits });
    }
    if (limits.bound * limits.maxRequests > Number.MAX_SAFE_INTEGER) {
      throw new DpNoiseError('invalid', 'Bound times requests must stay below 2^53', { ...limits });
    }
    this.sums = new Float64Array(limits.dimension);
  }

  /**
   * Adds one request to the coordinates from `offset` on.
   * @param requester who sent it; undefined when unknown, and then only `maxRequests` limits it
   * @param values integers of the request's fields; clipped in place
   * @throws DpNoiseError `invalid` when the values are not integers or do not fit the vector; it keeps its slot
   */
  add(requester: string | undefined, offset: number, values: Float64Array): RequestOutcome {
    if (this.taken >= this.limits.maxRequests) return 'round_limit';
    if (requester !== undefined && !this.takeSlot(requester)) return 'requester_limit';
    this.taken += 1;
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + values.length > this.sums.length) {
      throw new DpNoiseError('invalid', 'The request does not fit the vector', { offset, length: values.length });
    }
    const clipped = clipToL2Ball(values, this.limits.bound);
    for (let i = 0; i < values.length; i++) this.sums[offset + i]! += values[i]!;
    return clipped ? 'clipped' : 'added';
  }

  private takeSlot(requester: string): boolean {
    const hash = createHmac('sha256', this.hashKey).update(requester).digest('base64');
    const taken = this.takenOf.get(hash) ?? 0;
    if (taken >= this.limits.requestsPerRequester) return false;
    this.takenOf.set(hash, taken + 1);
    return true;
  }
}
