/** What a start would refuse, as far as it can be known without opening the database. */
import { verifyFleet } from '@secagg/protocol';
import { type Config } from './config';
import { checkIdentity, readStartFiles } from './key-files';

/** Throws what is wrong. */
export async function checkStart(config: Config, environment: Record<string, string | undefined>): Promise<void> {
  const { identity, authorityKey, documents } = await readStartFiles(config, environment);
  // Without documents in files they are in the database, with the newest ones.
  if (!documents) return;
  const view = verifyFleet(authorityKey, documents);
  checkIdentity(view.certificates.get(config.id), config.id, identity.secretKey);
}
