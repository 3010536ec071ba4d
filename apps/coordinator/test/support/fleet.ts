/** A fleet on disk: authority, certificates, policy, roster and key files, as an operator would have made them. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
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
  signPolicy,
  signRoster,
  verifyFleet,
} from '@secagg/protocol';
import {
  certificateMessage,
  type ClusterHash,
  type ClusterPolicy,
  createClusterHash,
  type PartyId,
  type Role,
  type Signed,
  signedMessage,
} from '@secagg/schema';

export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

export interface TestFleetOptions {
  readonly routers: number;
  readonly committee: { readonly size: number; readonly threshold: number };
  /** Routers that are candidates, the first ones; by default as many as the committee has members. */
  readonly candidates?: number;
  readonly minParticipants?: number;
  /** What is to be otherwise in the policy of the cluster. */
  readonly policy?: Partial<ClusterPolicy>;
  /** Clusters that the policy has beside the first one, on the same terms. */
  readonly otherClusters?: readonly ClusterHash[];
  /** What is to be otherwise in the policy of the fleet. */
  readonly fleetPolicy?: Partial<Pick<PolicyTerms, 'misbehaviour' | 'freshness'>>;
  /** When its documents are issued; by default when they are. */
  readonly issuedAtMs?: number;
}

const DAY_MS = 86_400_000;
export const keys = ['m1:t1', 'm1:t2', 'm2:t1'];

let newDatabase: (() => string) | undefined;

/** From now on, fleets keep their rounds in databases that this makes, instead of in files. */
export function useDatabases(create: () => string): void {
  newDatabase = create;
}

export class TestFleet {
  readonly folder = mkdtempSync(join(tmpdir(), 'secagg-coordinator-'));
  readonly cluster: ClusterHash = createClusterHash('test', 'a-salt-for-tests-only');
  readonly authority: Authority = createAuthority('test-fleet', random);
  readonly routers: readonly Identity[];
  readonly operator: Identity;
  readonly coordinator: Identity;
  private readonly certificates: Signed[] = [];
  private version = 0;
  /** Of the certificate issued last. */
  lastSerial = 0;
  documents: FleetDocuments;
  readonly databaseUrl = newDatabase?.();

  constructor(private readonly options: TestFleetOptions) {
    const candidates = options.candidates ?? options.committee.size;
    this.coordinator = this.certify('coordinator', ['coordinator']);
    this.operator = this.certify('operator', ['operator']);
    this.routers = Array.from({ length: options.routers }, (_, i) =>
      this.certify(`router-${i}`, i < candidates ? ['router', 'committee'] : ['router']),
    );
    this.documents = this.sign();
    this.write('coordinator.key', this.coordinator.secretKey, 0o600);
    this.write('authority.pub', this.authority.publicKey);
    this.writeDocuments();
  }

  get view(): FleetView {
    return verifyFleet(this.authority.publicKey, this.documents);
  }

  private get nowMs(): number {
    return this.options.issuedAtMs ?? Date.now();
  }

  certify(id: string, roles: Role[], notAfterMs = this.nowMs + DAY_MS): Identity {
    const { publicKey, secretKey } = generateIdentityKey(random);
    this.certificates.push(this.issue(id, roles, publicKey, notAfterMs));
    return { id: id as PartyId, secretKey };
  }

  /** A new certificate in the place of the one before, for the same key or another one. */
  certifyAgain({ id, secretKey }: Identity, key?: ReturnType<typeof generateIdentityKey>): Identity {
    const index = this.certificates.findIndex(({ body }) => certificateMessage.decode(body).id === id);
    const { roles, public_key } = certificateMessage.decode(this.certificates[index].body);
    this.certificates[index] = this.issue(id, roles, key?.publicKey ?? public_key, this.nowMs + DAY_MS);
    return { id, secretKey: key?.secretKey ?? secretKey };
  }

  private issue(id: string, roles: Role[], publicKey: Uint8Array, notAfterMs: number): Signed {
    this.lastSerial += 1;
    return issueCertificate(this.authority, {
      id,
      roles,
      publicKey,
      organisation: 'test',
      serial: this.lastSerial,
      notBeforeMs: this.nowMs - DAY_MS,
      notAfterMs,
    });
  }

  /** New versions of policy and roster, with the certificates issued until now. */
  sign(revokedSerials: number[] = [], otherTerms: Partial<ClusterPolicy> = {}): FleetDocuments {
    const { committee, candidates, minParticipants = 2, policy: terms, fleetPolicy, otherClusters = [] } = this.options;
    this.version += 1;
    const policy = signPolicy(
      this.authority,
      policyTerms({
        ...fleetPolicy,
        version: this.version,
        issued_at_ms: this.nowMs,
        clusters: [this.cluster, ...otherClusters].sort().map((cluster) =>
          clusterTerms(cluster, {
            min_participants_per_group: minParticipants,
            max_round_rho_units: 2 ** 45,
            budget_rho_units: 2 ** 50,
            unsafe_no_noise: true,
            ...terms,
            ...otherTerms,
          }),
        ),
        committee: {
          ...committee,
          candidates: this.routers.slice(0, candidates ?? committee.size).map(({ id }) => id),
        },
      }),
    );
    const roster = signRoster(this.authority, {
      version: this.version,
      issuedAtMs: this.nowMs,
      notAfterMs: this.nowMs + DAY_MS,
      certificates: this.certificates,
      revokedSerials,
    });
    this.documents = { policy, roster };
    return this.documents;
  }

  writeDocuments(): void {
    this.write('policy.cbor', signedMessage.encode(this.documents.policy));
    this.write('roster.cbor', signedMessage.encode(this.documents.roster));
  }

  /** Configuration file contents of the coordinator; relative paths. */
  config(overrides: object = {}, plan: object = {}): Record<string, unknown> {
    return {
      port: 0,
      dataDir: 'data',
      identityKeyFile: 'coordinator.key',
      authorityKeyFile: 'authority.pub',
      policyFile: 'policy.cbor',
      rosterFile: 'roster.cbor',
      ...(this.databaseUrl === undefined ? {} : { databaseUrl: this.databaseUrl }),
      logLevel: 'warn',
      timings: { reportGraceMs: 100, answerGraceMs: 500, proposalTimeoutMs: 5000, undecidedTimeoutMs: 20_000 },
      clusters: [
        {
          cluster: this.cluster,
          keys,
          minParticipantsPerGroup: this.options.minParticipants ?? 2,
          maxParticipants: Math.max(this.options.routers, this.options.minParticipants ?? 2),
          privacy: { rho: 'unsafe-none' },
          sendDelayMs: 0,
          durationMs: 20_000,
          ...plan,
        },
      ],
      ...overrides,
    };
  }

  writeConfig(config: object): string {
    return this.write('config.json', JSON.stringify(config));
  }

  write(name: string, content: Uint8Array | string, mode = 0o644): string {
    mkdirSync(this.folder, { recursive: true });
    const path = join(this.folder, name);
    writeFileSync(path, content, { mode });
    return path;
  }
}
