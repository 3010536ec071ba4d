/** What a start would refuse, as far as it can be known without opening the database. */
import { Faults } from '@secagg/host';
import { type FleetView, verifyFleet } from '@secagg/protocol';
import { type Config } from './config';
import { checkIdentity, readStartFiles } from './key-files';
import { checkPlans } from './rounds/check-plans';

/** Throws what is wrong. */
export async function checkStart(config: Config, environment: Record<string, string | undefined>): Promise<void> {
  const { identity, authorityKey, documents } = await readStartFiles(config, environment);
  // Without documents in files they are in the database, with the newest ones.
  if (documents) await checkDocuments(config, verifyFleet(authorityKey, documents), identity.secretKey);
}

/** Throws ConfigError with all for which a coordinator of this configuration could do nothing under these documents. */
export async function checkDocuments(config: Config, view: FleetView, secretKey: Uint8Array): Promise<void> {
  const faults = new Faults();
  await faults.attempt(() => checkIdentity(view.certificates.get(config.id), config.id, secretKey));
  await faults.attempt(() => checkPlans(view, config.clusters));
  faults.raise();
}
