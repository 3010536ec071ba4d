/** Keys and files that the node starts with. All errors name setting and file. */
import { randomFillSync } from 'node:crypto';
import { type AtRest, atRest } from '@secagg/crypto';
import {
  Faults,
  type IdentityFile,
  readCertificates,
  readIdentityFile,
  readPublicKey,
  readTokenFile,
  takeStoreKey,
} from '@secagg/host';
import { type Config, named } from './config';

export interface StartFiles {
  readonly identity: IdentityFile;
  readonly authorityKey: Uint8Array;
  /** What secrets and observations on disk are sealed under. */
  readonly storeKey?: { readonly bytes: Uint8Array; readonly key: AtRest };
  /** Certificate authorities in PEM. */
  readonly ca?: string;
  /** What callers must show. */
  readonly token?: string;
}

/**
 * Everything that the configuration names.
 * @param environment may hold the store key, and it is removed from there
 * @param warn told what does not keep the process from starting
 * Throws one fault with all that is wrong.
 */
export async function readStartFiles(
  { id, identityKeyFile, authorityKeyFile, storeKeyFile, coordinatorCaFile, tokenFile, groupAccess }: Config,
  environment: Record<string, string | undefined>,
  warn: (problem: string) => void = () => undefined,
): Promise<StartFiles> {
  const faults = new Faults();
  // Without its store key nothing could be said of a sealed identity key.
  const keys = await faults.attempt(async () => {
    const bytes = takeStoreKey(environment, named('storeKeyFile'), storeKeyFile, groupAccess, warn);
    const key = bytes && (await atRest(bytes, (length) => randomFillSync(new Uint8Array(length))));
    const identity = readIdentityFile(named('identityKeyFile'), identityKeyFile, id, key, groupAccess);
    return { identity, ...(bytes && key ? { storeKey: { bytes, key } } : {}) };
  });
  const authorityKey = await faults.attempt(() => readPublicKey(named('authorityKeyFile'), authorityKeyFile));
  const ca = await faults.attempt(() =>
    coordinatorCaFile === undefined ? undefined : readCertificates(named('coordinatorCaFile'), coordinatorCaFile),
  );
  const token = await faults.attempt(() =>
    tokenFile === undefined ? undefined : readTokenFile(named('tokenFile'), tokenFile, groupAccess),
  );
  faults.raise();
  return {
    ...(keys as NonNullable<typeof keys>),
    authorityKey: authorityKey as Uint8Array,
    ...(ca === undefined ? {} : { ca }),
    ...(token === undefined ? {} : { token }),
  };
}
