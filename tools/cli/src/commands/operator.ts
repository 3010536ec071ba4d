/** Requests of a fleet operator, signed with the key of a party that the authority certified as one. */
import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { atRest, wipe } from '@secagg/crypto';
import { readIdentityFile, takeStoreKey } from '@secagg/host';
import { signDocument } from '@secagg/protocol';
import { type ClusterHash, operatorRequestMessage, type RoundOverrides, type Signed } from '@secagg/schema';
import { readCertificate } from '../fleet-folder';
import { cliSettings } from '../settings';

export type Action =
  | { readonly action: 'start-epoch' }
  | {
      readonly action: 'start-round';
      readonly cluster: ClusterHash;
      readonly overrides?: RoundOverrides;
      readonly force?: true;
    };

/**
 * @param folder the operator's party folder: identity.key and certificate.cbor. A sealed key is opened with the store
 * key that
 *   SECAGG_STORE_KEY_FILE names, or SECAGG_STORE_KEY holds
 */
export async function signRequest(folder: string, action: Action): Promise<Signed> {
  const { certificate } = readCertificate(join(folder, 'certificate.cbor'));
  const { storeKeyFile, groupAccess } = cliSettings(process.env);
  // A command is over at once, and its output is for programs: nobody is warned.
  const storeKey = takeStoreKey(process.env, 'SECAGG_STORE_KEY_FILE', storeKeyFile, groupAccess, () => undefined);
  const { secretKey } = readIdentityFile(
    '--operator',
    join(folder, 'identity.key'),
    certificate.id,
    storeKey && (await atRest(storeKey, random)),
    groupAccess,
  );
  const request = {
    v: 1 as const,
    fleet: certificate.fleet,
    operator: certificate.id,
    nonce: random(16),
    issued_at_ms: Date.now(),
    ...action,
  };
  try {
    return signDocument(operatorRequestMessage, certificate.fleet, request, secretKey);
  } finally {
    wipe(secretKey, storeKey);
  }
}

const random = (length: number): Uint8Array => randomFillSync(new Uint8Array(length));
