/** What the roster lets this node do. */
import { identityPublicKey } from '@secagg/crypto';
import { certificateOf, type FleetView, type Identity, sameBytes } from '@secagg/protocol';
import { type Role, SecaggError } from '@secagg/schema';

/** Undefined when the roster gives this node's key the role now; else why not, for the operator. */
export function withoutRole(view: FleetView, identity: Identity, role: Role, nowMs: number): string | undefined {
  try {
    const { public_key } = certificateOf(view, identity.id, role, nowMs);
    return sameBytes(public_key, identityPublicKey(identity.secretKey))
      ? undefined
      : `the roster has another key for ${identity.id} than the identity key file`;
  } catch (error) {
    if (error instanceof SecaggError) return error.message;
    throw error;
  }
}
