/** A fleet on disk for a real coordinator. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type generateIdentityKey } from '@secagg/crypto';
import { clusterTerms, type FleetDocuments, type Identity, type PolicyTerms } from '@secagg/protocol';
import { certificateMessage, type ClusterHash, type ClusterPolicy, createClusterHash } from '@secagg/schema';
import { FleetFolder } from '@secagg/testbed/fleet';

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

export const keys = ['m1:t1', 'm1:t2', 'm2:t1'];

let newDatabase: (() => string) | undefined;

/** From now on, fleets keep their rounds in databases that this makes, instead of in files. */
export function useDatabases(create: () => string): void {
  newDatabase = create;
}

export class TestFleet extends FleetFolder {
  readonly routers: readonly Identity[];
  readonly operator: Identity;
  readonly coordinator: Identity;
  readonly databaseUrl = newDatabase?.();

  constructor(private readonly options: TestFleetOptions) {
    const { issuedAtMs } = options;
    super({
      name: 'test-fleet',
      folder: mkdtempSync(join(tmpdir(), 'secagg-coordinator-')),
      cluster: createClusterHash('test', 'a-salt-for-tests-only'),
      ...(issuedAtMs === undefined ? {} : { nowMs: () => issuedAtMs }),
    });
    const candidates = options.candidates ?? options.committee.size;
    this.coordinator = this.enrol('coordinator', ['coordinator']);
    this.operator = this.certify('operator', ['operator']);
    this.routers = Array.from({ length: options.routers }, (_, i) =>
      this.certify(`router-${i}`, i < candidates ? ['router', 'committee'] : ['router']),
    );
    this.sign();
    this.writeDocuments();
  }

  /** A new certificate in the place of the one before, for the same key or another one. */
  certifyAgain({ id, secretKey }: Identity, key?: ReturnType<typeof generateIdentityKey>): Identity {
    const index = this.certificates.findIndex(({ body }) => certificateMessage.decode(body).id === id);
    const { roles, public_key } = certificateMessage.decode(this.certificates[index].body);
    this.certificates[index] = this.issue(id, roles, key?.publicKey ?? public_key);
    return { id, secretKey: key?.secretKey ?? secretKey };
  }

  /** New versions of policy and roster, with the certificates issued until now. */
  sign(revokedSerials: number[] = [], otherTerms: Partial<ClusterPolicy> = {}): FleetDocuments {
    const { committee, candidates, minParticipants = 2, policy: terms, fleetPolicy, otherClusters = [] } = this.options;
    return this.signDocuments(
      {
        ...fleetPolicy,
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
      },
      revokedSerials,
    );
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

  /** Also into a folder that has been deleted. */
  override write(name: string, content: Uint8Array | string, mode?: number): string {
    mkdirSync(this.folder, { recursive: true });
    return super.write(name, content, mode);
  }
}
