/** Keys and signed documents from files. All errors say which file and what is wrong with it. */
import { readFileSync } from 'node:fs';
import { identityPublicKey } from '@secagg/crypto';
import { type FleetDocuments } from '@secagg/protocol';
import { type Bytes, type FreshnessProof, freshnessProofMessage, type Signed, signedMessage } from '@secagg/schema';
import { ConfigError } from './config';
import { messageOf } from './error-message';

const KEY_BYTES = 32;

/** An Ed25519 public key: 32 bytes, raw or in hexadecimal. */
export const readPublicKey = (file: string): Bytes => readKey(file);

function readKey(file: string): Bytes {
  const content = at(file, () => readFileSync(file));
  if (content.length === KEY_BYTES) return new Uint8Array(content);
  const text = content.toString('latin1').trim();
  if (!/^[0-9a-fA-F]{64}$/.test(text))
    throw new ConfigError(`${file}: must hold ${KEY_BYTES} bytes, or ${2 * KEY_BYTES} hexadecimal digits`);
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** The documents for the first start; undefined when no files are configured. */
export function readFleetFiles(
  policyFile: string | undefined,
  rosterFile: string | undefined,
): FleetDocuments | undefined {
  if (policyFile === undefined && rosterFile === undefined) return undefined;
  if (policyFile === undefined || rosterFile === undefined)
    throw new ConfigError('policyFile and rosterFile go together');
  return { policy: readSigned(policyFile), roster: readSigned(rosterFile) };
}

export const readFreshnessFile = (file: string | undefined): FreshnessProof | undefined =>
  file === undefined ? undefined : at(file, () => freshnessProofMessage.decode(new Uint8Array(readFileSync(file))));

const readSigned = (file: string): Signed => at(file, () => signedMessage.decode(new Uint8Array(readFileSync(file))));

function at<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${file}: ${messageOf(error)}`);
  }
}

/** Throws ConfigError unless the roster has this key under this id, as a coordinator. */
export function checkIdentity(
  certificate: { public_key: Bytes; roles: readonly string[] } | undefined,
  id: string,
  secretKey: Bytes,
): void {
  if (!certificate) throw new ConfigError(`the roster has no certificate of ${id} (field id, SECAGG_ID)`);
  if (!certificate.roles.includes('coordinator'))
    throw new ConfigError(`the certificate of ${id} does not carry the role coordinator`);
  if (Buffer.compare(certificate.public_key, identityPublicKey(secretKey)) !== 0)
    throw new ConfigError(`the key file does not belong to the certificate of ${id}`);
}
