import { type AtRest, openIdentityKey, sealedIdentityLength } from '@secagg/crypto';
import { type PartyId, SecaggError } from '@secagg/schema';
import { exitCodes } from './exit-codes';
import { HostFault } from './host-fault';
import { readKeyFile } from './key-file';

const SEED_BYTES = 32;

export interface IdentityFile {
  /** Ed25519 seed. */
  readonly secretKey: Uint8Array;
  /** False when the key lies on the disk in the clear. */
  readonly sealed: boolean;
}

/**
 * A party's signature key from its file: sealed under the store key (`secagg identity seal`), or in the clear as 32 raw
 * bytes or 64 hexadecimal digits. Throws {@link HostFault} naming setting and file.
 * @param id whose key it must be: a sealed one opens for no other
 */
export function readIdentityFile(
  setting: string,
  path: string,
  id: PartyId,
  storeKey: AtRest | undefined,
  groupAccess = false,
): IdentityFile {
  const content = readKeyFile(setting, path, groupAccess);
  if (content.length === sealedIdentityLength)
    return { secretKey: openSealed(setting, path, content, id, storeKey), sealed: true };
  if (content.length === SEED_BYTES) return { secretKey: content, sealed: false };
  const text = Buffer.from(content).toString('latin1').trim();
  if (!/^[0-9a-fA-F]{64}$/.test(text)) {
    throw new HostFault(
      exitCodes.config,
      `${setting}: ${path} must hold ${SEED_BYTES} bytes, ${2 * SEED_BYTES} hexadecimal digits, or a key sealed by \`secagg identity seal\``,
    );
  }
  return { secretKey: new Uint8Array(Buffer.from(text, 'hex')), sealed: false };
}

function openSealed(
  setting: string,
  path: string,
  content: Uint8Array,
  id: PartyId,
  storeKey: AtRest | undefined,
): Uint8Array {
  if (!storeKey)
    throw new HostFault(exitCodes.config, `${setting}: ${path} is sealed, and no store key is given to open it`);
  try {
    return openIdentityKey(storeKey, content, id);
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    throw new HostFault(
      exitCodes.config,
      `${setting}: ${path} is sealed under another store key, or for another party than ${id}`,
    );
  }
}
