/** Requests of fleet operators: signed, fresh, and each taken once. */
import { certificateOf, type CoordinatorState, hex, openDocument } from '@secagg/protocol';
import { type OperatorRequest, operatorRequestMessage, SecaggError, type Signed } from '@secagg/schema';
import { type Store, type UsedNonce } from '../store/store';

/** The most a policy can set: a nonce is remembered at least as long as a later policy could take its request again. */
const LONGEST_TOLERANCE_MS = 86_400_000;

export class OperatorRequests {
  private readonly used = new Map<string, number>();

  /** @param remembers false where the journal itself refuses a nonce that was used before, here or elsewhere */
  constructor(
    nonces: readonly UsedNonce[],
    private readonly remembers = true,
  ) {
    for (const nonce of nonces) this.used.set(keyOf(nonce), nonce.expiresAtMs);
  }

  static async load(store: Pick<Store, 'nonces'>, nowMs: number): Promise<OperatorRequests> {
    return new OperatorRequests(await store.nonces(nowMs));
  }

  /**
   * Verifies a request for one action. The nonce it gives must become durable together with what the request brings
   * about; from here on it counts as used. Throws `wrong_role` and the like, `bad_signature`, `expired` for a request
   * that is too old or from the future, `duplicate` for one that was taken before, and `invalid` for another action.
   */
  verify<A extends OperatorRequest['action']>(
    state: CoordinatorState,
    signed: Signed,
    action: A,
    nowMs: number,
  ): { request: Extract<OperatorRequest, { action: A }>; use: () => UsedNonce } {
    const { view } = state;
    const claimed = operatorRequestMessage.decode(signed.body);
    const { public_key } = certificateOf(view, claimed.operator, 'operator', nowMs);
    const request = openDocument(operatorRequestMessage, view.fleet, signed, public_key, claimed.operator);
    const party = request.operator;
    if (request.fleet !== view.fleet)
      throw new SecaggError('bad_signature', 'the request is for another fleet', { party });
    if (!isFor(request, action))
      throw new SecaggError('invalid', `the request is to ${request.action}, not to ${action}`, {
        party,
        path: 'action',
      });
    const tolerance = view.policy.clock_tolerance_ms;
    if (Math.abs(nowMs - request.issued_at_ms) > tolerance)
      throw new SecaggError('expired', `the request was not issued within ${tolerance} ms of this clock`, { party });
    const { restoredAtMs } = state.numbering;
    if (restoredAtMs !== undefined && request.issued_at_ms <= restoredAtMs)
      throw new SecaggError(
        'expired',
        'the request was issued before this coordinator came back from a backup: it may have been taken already',
        { party },
      );
    for (const [key, expiresAtMs] of this.used) if (expiresAtMs < nowMs) this.used.delete(key);
    const nonce: UsedNonce = {
      operator: party,
      nonce: request.nonce,
      expiresAtMs: request.issued_at_ms + LONGEST_TOLERANCE_MS,
    };
    if (this.used.has(keyOf(nonce))) throw new SecaggError('duplicate', 'the request was taken before', { party });
    return {
      request,
      use: () => {
        if (this.remembers) this.used.set(keyOf(nonce), nonce.expiresAtMs);
        return nonce;
      },
    };
  }
}

const keyOf = ({ operator, nonce }: Pick<UsedNonce, 'operator' | 'nonce'>): string => `${operator}/${hex(nonce)}`;

const isFor = <A extends OperatorRequest['action']>(
  request: OperatorRequest,
  action: A,
): request is Extract<OperatorRequest, { action: A }> => request.action === action;
