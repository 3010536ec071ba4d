/** A fleet on disk, as its operator would have made it, for real router-node processes. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateIdentityKey } from '@secagg/crypto';
import {
  type Authority,
  clusterTerms,
  createAuthority,
  type FleetDocuments,
  type FleetView,
  type Identity,
  issueCertificate,
  policyTerms,
  type PolicyTerms,
  signFreshness,
  signPolicy,
  signRoster,
  verifyFleet,
} from '@secagg/protocol';
import {
  type ClusterHash,
  createClusterHash,
  type FreshnessProof,
  type PartyId,
  type Role,
  type Signed,
} from '@secagg/schema';

export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

export interface TestFleetOptions {
  readonly routers: number;
  /** The first routers are the members. */
  readonly committee: { readonly size: number; readonly threshold: number };
  readonly minParticipants?: number;
  readonly cluster?: Partial<PolicyTerms['clusters'][number]>;
  /** By default a day, without a grace; null for a policy that needs no statements. */
  readonly freshness?: PolicyTerms['freshness'] | null;
}

const DAY_MS = 86_400_000;

export class TestFleet {
  readonly folder = mkdtempSync(join(tmpdir(), 'secagg-router-node-'));
  readonly cluster: ClusterHash = createClusterHash('test', 'a-salt-for-tests-only');
  readonly authority: Authority = createAuthority('test-fleet', random);
  readonly coordinator: Identity;
  readonly routers: readonly Identity[];
  documents: FleetDocuments;
  /** That the documents signed last are the current ones. */
  freshness!: FreshnessProof;
  private readonly certificates: Signed[] = [];
  private version = 0;

  constructor(private readonly options: TestFleetOptions) {
    this.coordinator = this.certify('coordinator', ['coordinator']);
    this.routers = Array.from({ length: options.routers }, (_, i) =>
      this.certify(`router-${i}`, i < options.committee.size ? ['router', 'committee'] : ['router']),
    );
    this.documents = this.sign();
    writeFileSync(join(this.folder, 'authority.pub'), Buffer.from(this.authority.publicKey).toString('hex'));
    for (const { id, secretKey } of this.routers) {
      writeFileSync(join(this.folder, `${id}.key`), secretKey, { mode: 0o600 });
      writeFileSync(join(this.folder, `${id}.store.key`), random(32), { mode: 0o600 });
    }
  }

  get view(): FleetView {
    return verifyFleet(this.authority.publicKey, this.documents);
  }

  /** New versions of policy and roster. */
  sign(revokedSerials: number[] = []): FleetDocuments {
    const { committee, minParticipants = 2, cluster, freshness = { max_age_ms: DAY_MS, grace_ms: 0 } } = this.options;
    this.version += 1;
    const policy = signPolicy(
      this.authority,
      policyTerms({
        version: this.version,
        issued_at_ms: Date.now(),
        clusters: [
          clusterTerms(this.cluster, {
            min_participants_per_group: minParticipants,
            max_round_rho_units: 2 ** 45,
            budget_rho_units: 2 ** 50,
            unsafe_no_noise: true,
            privacy_units: ['router', 'request'],
            ...cluster,
          }),
        ],
        committee: { ...committee, candidates: this.routers.slice(0, committee.size).map(({ id }) => id) },
        ...(freshness ? { freshness } : {}),
      }),
    );
    const roster = signRoster(this.authority, {
      version: this.version,
      issuedAtMs: Date.now(),
      notAfterMs: Date.now() + DAY_MS,
      certificates: this.certificates,
      revokedSerials,
    });
    this.documents = { policy, roster };
    this.freshness = this.statement();
    return this.documents;
  }

  /** That these documents are the current ones. */
  statement(documents = this.documents, lifetimeMs = DAY_MS): FreshnessProof {
    const issuedAtMs = Date.now();
    return signFreshness(this.authority, documents, { issuedAtMs, notAfterMs: issuedAtMs + lifetimeMs });
  }

  /** Settings of one node, as an environment. */
  environment(id: string, coordinatorPort: number, overrides: Record<string, string> = {}): Record<string, string> {
    const dataDir = join(this.folder, `${id}-data`);
    mkdirSync(dataDir, { recursive: true });
    return {
      SECAGG_ID: id,
      SECAGG_CLUSTER: this.cluster,
      SECAGG_COORDINATOR_URL: `http://127.0.0.1:${coordinatorPort}`,
      SECAGG_PORT: '0',
      SECAGG_DATA_DIR: dataDir,
      SECAGG_IDENTITY_KEY_FILE: join(this.folder, `${id}.key`),
      SECAGG_AUTHORITY_KEY_FILE: join(this.folder, 'authority.pub'),
      SECAGG_STORE_KEY_FILE: join(this.folder, `${id}.store.key`),
      SECAGG_UNSAFE_NO_NOISE: 'true',
      SECAGG_MIN_HONEST_PER_GROUP: '1',
      SECAGG_POLL_WAIT_MS: '2000',
      SECAGG_RETRY_MAX_MS: '200',
      SECAGG_SEND_SPREAD_MS: '0',
      SECAGG_PREPARE_MS: '1500',
      SECAGG_LOG_LEVEL: 'debug',
      ...overrides,
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private certify(id: string, roles: Role[]): Identity {
    const { publicKey, secretKey } = generateIdentityKey(random);
    const now = Date.now();
    this.certificates.push(
      issueCertificate(this.authority, {
        id,
        roles,
        publicKey,
        organisation: 'test',
        serial: this.certificates.length + 1,
        notBeforeMs: now - DAY_MS,
        notAfterMs: now + DAY_MS,
      }),
    );
    return { id: id as PartyId, secretKey };
  }
}
