/**
 * The authority's folder. It stays offline, on the machine that holds the authority's key:
 *
 *     authority.key            private key of the authority, mode 0600
 *     authority.pub            its public key, in hexadecimal: what every party is configured with
 *     fleet.json               name, next serial, revoked serials, cluster ids with their salts
 *     policy.cbor roster.cbor  the newest signed documents
 *     freshness.cbor           the newest statement that they are current; freshness-key.cbor and freshness.key where
 * an online key may sign it
 *     parties/<id>/            to be carried to the party: certificate.cbor, authority.pub, and identity.key unless it
 * made its own
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { identityPublicKey } from '@secagg/crypto';
import { type Authority, decodeAuthorityKey, type FleetDocuments } from '@secagg/protocol';
import {
  type Certificate,
  certificateMessage,
  type FreshnessProof,
  freshnessProofMessage,
  SecaggError,
  type Signed,
  signedMessage,
} from '@secagg/schema';
import { z } from 'zod';
import { readSecret, replaceFile, writeSecret } from './files';
import { Refusal } from './output';

const recordSchema = z.strictObject({
  fleet: z.string(),
  next_serial: z.int().min(1),
  revoked_serials: z.array(z.int().min(1)),
  /** Cluster hash by cluster id, with the salt that hides the id. */
  clusters: z.record(z.string(), z.strictObject({ hash: z.string(), salt: z.string() })),
});
export type FleetRecord = z.infer<typeof recordSchema>;

const text = (value: string) => new TextEncoder().encode(value);
const authorityKeyText = (key: Uint8Array) => text(`${Buffer.from(key).toString('hex')}\n`);

export class FleetFolder {
  constructor(readonly path: string) {}

  create(authority: Authority): void {
    mkdirSync(this.path, { recursive: true });
    if (existsSync(this.at('authority.key'))) throw new Refusal(`${this.path} holds a fleet authority already`);
    writeSecret(this.at('authority.key'), authority.secretKey);
    replaceFile(this.at('authority.pub'), authorityKeyText(authority.publicKey));
    this.writeRecord({ fleet: authority.fleet, next_serial: 1, revoked_serials: [], clusters: {} });
  }

  authority(): Authority {
    const publicKey = decodeAuthorityKey(new Uint8Array(readFileSync(this.at('authority.pub'))));
    const secretKey = readSecret(this.at('authority.key'));
    if (Buffer.compare(identityPublicKey(secretKey), publicKey) !== 0)
      throw new Refusal(`authority.key and authority.pub in ${this.path} do not belong together`);
    return { fleet: this.record().fleet, publicKey, secretKey };
  }

  record(): FleetRecord {
    const path = this.at('fleet.json');
    if (!existsSync(path)) throw new Refusal(`${this.path} holds no fleet: secagg fleet init makes one`);
    return recordSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  }

  writeRecord(record: FleetRecord): void {
    replaceFile(this.at('fleet.json'), text(`${JSON.stringify(record, null, 2)}\n`));
  }

  /** Undefined before the first was signed. */
  document(name: 'policy' | 'roster'): Signed | undefined {
    return existsSync(this.at(`${name}.cbor`)) ? readSigned(this.at(`${name}.cbor`)) : undefined;
  }

  writeDocument(name: 'policy' | 'roster', signed: Signed): string {
    replaceFile(this.at(`${name}.cbor`), signedMessage.encode(signed));
    return this.at(`${name}.cbor`);
  }

  /** Both documents. Throws a `Refusal` while one was never signed. */
  documents(): FleetDocuments {
    const [policy, roster] = (['policy', 'roster'] as const).map((name) => {
      const signed = this.document(name);
      if (!signed) throw new Refusal(`${this.path} has no ${name}.cbor: secagg fleet ${name} signs one`);
      return signed;
    });
    return { policy, roster };
  }

  /** The newest statement that they are current; undefined before there was one. */
  freshness(): FreshnessProof | undefined {
    const path = this.at('freshness.cbor');
    return existsSync(path) ? freshnessProofMessage.decode(new Uint8Array(readFileSync(path))) : undefined;
  }

  writeFreshness(proof: FreshnessProof): string {
    replaceFile(this.at('freshness.cbor'), freshnessProofMessage.encode(proof));
    return this.at('freshness.cbor');
  }

  /** What the authority has lent an online key. */
  freshnessKey(): Signed | undefined {
    const path = this.at('freshness-key.cbor');
    return existsSync(path) ? readSigned(path) : undefined;
  }

  /** @param secretKey of a key that was made here */
  writeFreshnessKey(key: Signed, secretKey: Uint8Array | undefined): void {
    if (secretKey) {
      rmSync(this.at('freshness.key'), { force: true });
      writeSecret(this.at('freshness.key'), secretKey);
    }
    replaceFile(this.at('freshness-key.cbor'), signedMessage.encode(key));
  }

  publicKey(): Uint8Array {
    return readAuthorityKey(this.at('authority.pub'));
  }

  /** Adds what a party needs; returns its folder. */
  writeParty(id: string, certificate: Signed, authorityKey: Uint8Array, secretKey?: Uint8Array): string {
    const folder = this.at('parties', id);
    if (secretKey) writeSecret(join(folder, 'identity.key'), secretKey);
    replaceFile(join(folder, 'certificate.cbor'), signedMessage.encode(certificate));
    replaceFile(join(folder, 'authority.pub'), authorityKeyText(authorityKey));
    return folder;
  }

  certificates(): { signed: Signed; certificate: Certificate }[] {
    const folder = this.at('parties');
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .sort()
      .map((id) => readCertificate(join(folder, id, 'certificate.cbor')));
  }

  at(...names: string[]): string {
    return join(this.path, ...names);
  }
}

export const readSigned = (path: string): Signed => signedMessage.decode(new Uint8Array(readFileSync(path)));

export function readCertificate(path: string): { signed: Signed; certificate: Certificate } {
  const signed = readSigned(path);
  return { signed, certificate: certificateMessage.decode(signed.body) };
}

/** The public key in a file `authority.pub`. */
export function readAuthorityKey(path: string): Uint8Array {
  try {
    return decodeAuthorityKey(new Uint8Array(readFileSync(path)));
  } catch (error) {
    if (error instanceof SecaggError) throw new Refusal(`${path}: ${error.message}`);
    throw error;
  }
}
