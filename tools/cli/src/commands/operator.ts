/** Requests of a fleet operator, signed with the key of a party that the authority certified as one. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { signDocument } from '@secagg/protocol';
import { type ClusterHash, operatorRequestMessage, type RoundOverrides, type Signed } from '@secagg/schema';
import { readSecret } from '../files';
import { readCertificate } from '../fleet-folder';

export type Action = { readonly action: 'start-epoch' } | { readonly action: 'start-round'; readonly cluster: ClusterHash; readonly overrides?: RoundOverrides };

/** @param folder the operator's party folder: identity.key and certificate.cbor */
export function signRequest(folder: string, action: Action): Signed {
  const { certificate } = readCertificate(join(folder, 'certificate.cbor'));
  const secretKey = readSecret(join(folder, 'identity.key'));
  const request = { v: 1 as const, fleet: certificate.fleet, operator: certificate.id, nonce: new Uint8Array(randomBytes(16)), issued_at_ms: Date.now(), ...action };
  return signDocument(operatorRequestMessage, certificate.fleet, request, secretKey);
}
