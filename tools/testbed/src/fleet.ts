/** A fleet in a folder: authority, certificates, policy, roster and key files, as an operator would have made them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateIdentityKey } from '@secagg/crypto';
import {
  type Authority,
  createAuthority,
  type FleetDocuments,
  type FleetView,
  type Identity,
  issueCertificate,
  policyTerms,
  signFreshness,
  signPolicy,
  signRoster,
  verifyFleet,
} from '@secagg/protocol';
import {
  type ClusterHash,
  createClusterHash,
  type FreshnessProof,
  freshnessProofMessage,
  type PartyId,
  type Role,
  type Signed,
  signedMessage,
} from '@secagg/schema';
import { random } from './random';

export const DAY_MS = 86_400_000;

export interface FleetOptions {
  readonly name: string;
  /** Made if it is not there. */
  readonly folder: string;
  /** One cluster with the fleet's name and a salt that is drawn, by default. */
  readonly cluster?: ClusterHash;
  /** When things are issued; by default when they are. */
  readonly nowMs?: () => number;
}

export class FleetFolder {
  readonly folder: string;
  readonly cluster: ClusterHash;
  readonly authority: Authority;
  /** Signed last. */
  documents!: FleetDocuments;
  /** Of the certificate issued last. */
  lastSerial = 0;
  protected readonly certificates: Signed[] = [];
  protected readonly nowMs: () => number;
  private version = 0;
  private verified: { readonly documents: FleetDocuments; readonly view: FleetView } | undefined;

  constructor({ name, folder, cluster, nowMs = Date.now }: FleetOptions) {
    this.folder = folder;
    this.nowMs = nowMs;
    this.authority = createAuthority(name, random);
    this.cluster = cluster ?? createClusterHash(name, Buffer.from(random(16)).toString('hex'));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.write('authority.pub', `${Buffer.from(this.authority.publicKey).toString('hex')}\n`);
  }

  /** Verified once for each pair of documents: thousands of certificates take a while. */
  get view(): FleetView {
    const { documents, authority } = this;
    if (this.verified?.documents !== documents)
      this.verified = { documents, view: verifyFleet(authority.publicKey, documents) };
    return this.verified.view;
  }

  at(...names: string[]): string {
    return join(this.folder, ...names);
  }

  keyFile(id: string): string {
    return this.at(`${id}.key`);
  }

  storeKeyFile(id: string): string {
    return this.at(`${id}.store.key`);
  }

  write(name: string, content: Uint8Array | string, mode = 0o644): string {
    const path = this.at(name);
    writeFileSync(path, content, { mode });
    return path;
  }

  /** A party on the next roster, without files. */
  certify(id: string, roles: readonly Role[], notAfterMs?: number): Identity {
    const { publicKey, secretKey } = generateIdentityKey(random);
    this.certificates.push(this.issue(id, roles, publicKey, notAfterMs));
    return { id: id as PartyId, secretKey };
  }

  /** A party on the next roster, with its key file. */
  enrol(id: string, roles: readonly Role[]): Identity {
    const identity = this.certify(id, roles);
    writeFileSync(this.keyFile(id), identity.secretKey, { mode: 0o600 });
    return identity;
  }

  /** A new store key, also in its file. */
  writeStoreKey(id: string): Uint8Array {
    const key = random(32);
    writeFileSync(this.storeKeyFile(id), key, { mode: 0o600 });
    return key;
  }

  /** New versions of policy and roster, with the certificates issued until now. */
  signDocuments(
    terms: Omit<Parameters<typeof policyTerms>[0], 'version' | 'issued_at_ms'>,
    revokedSerials: number[] = [],
  ): FleetDocuments {
    this.version += 1;
    const { version } = this;
    const issuedAtMs = this.nowMs();
    const policy = signPolicy(this.authority, policyTerms({ ...terms, version, issued_at_ms: issuedAtMs }));
    const roster = signRoster(this.authority, {
      version,
      issuedAtMs,
      notAfterMs: issuedAtMs + DAY_MS,
      certificates: this.certificates,
      revokedSerials,
    });
    this.documents = { policy, roster };
    return this.documents;
  }

  /** That these documents are the current ones. */
  statement(documents = this.documents, lifetimeMs = DAY_MS): FreshnessProof {
    const issuedAtMs = this.nowMs();
    return signFreshness(this.authority, documents, { issuedAtMs, notAfterMs: issuedAtMs + lifetimeMs });
  }

  writeDocuments(): void {
    this.write('policy.cbor', signedMessage.encode(this.documents.policy));
    this.write('roster.cbor', signedMessage.encode(this.documents.roster));
  }

  writeStatement(): void {
    this.write('freshness.cbor', freshnessProofMessage.encode(this.statement()));
  }

  protected issue(id: string, roles: readonly Role[], publicKey: Uint8Array, notAfterMs?: number): Signed {
    this.lastSerial += 1;
    const nowMs = this.nowMs();
    return issueCertificate(this.authority, {
      id,
      roles,
      publicKey,
      organisation: this.authority.fleet,
      serial: this.lastSerial,
      notBeforeMs: nowMs - DAY_MS,
      notAfterMs: notAfterMs ?? nowMs + DAY_MS,
    });
  }
}
