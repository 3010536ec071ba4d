/** A fleet on disk for real router-node processes. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterTerms, type FleetDocuments, type Identity, type PolicyTerms } from '@secagg/protocol';
import { createClusterHash, type FreshnessProof } from '@secagg/schema';
import { DAY_MS, FleetFolder } from '@secagg/testbed/fleet';

export interface TestFleetOptions {
  readonly routers: number;
  /** The first routers are the members. */
  readonly committee: { readonly size: number; readonly threshold: number };
  readonly minParticipants?: number;
  readonly cluster?: Partial<PolicyTerms['clusters'][number]>;
  /** By default a day, without a grace; null for a policy that needs no statements. */
  readonly freshness?: PolicyTerms['freshness'] | null;
}

export class TestFleet extends FleetFolder {
  readonly coordinator: Identity;
  readonly routers: readonly Identity[];
  /** That the documents signed last are the current ones. */
  freshness!: FreshnessProof;

  constructor(private readonly options: TestFleetOptions) {
    super({
      name: 'test-fleet',
      folder: mkdtempSync(join(tmpdir(), 'secagg-router-node-')),
      cluster: createClusterHash('test', 'a-salt-for-tests-only'),
    });
    this.coordinator = this.certify('coordinator', ['coordinator']);
    this.routers = Array.from({ length: options.routers }, (_, i) =>
      this.enrol(`router-${i}`, i < options.committee.size ? ['router', 'committee'] : ['router']),
    );
    for (const { id } of this.routers) this.writeStoreKey(id);
    this.sign();
  }

  /** New versions of policy and roster. */
  sign(revokedSerials: number[] = []): FleetDocuments {
    const { committee, minParticipants = 2, cluster, freshness = { max_age_ms: DAY_MS, grace_ms: 0 } } = this.options;
    this.signDocuments(
      {
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
      },
      revokedSerials,
    );
    this.freshness = this.statement();
    return this.documents;
  }

  /** Settings of one node, as an environment. */
  environment(id: string, coordinatorPort: number, overrides: Record<string, string> = {}): Record<string, string> {
    const dataDir = this.at(`${id}-data`);
    mkdirSync(dataDir, { recursive: true });
    return {
      SECAGG_ID: id,
      SECAGG_CLUSTER: this.cluster,
      SECAGG_COORDINATOR_URL: `http://127.0.0.1:${coordinatorPort}`,
      SECAGG_PORT: '0',
      SECAGG_DATA_DIR: dataDir,
      SECAGG_IDENTITY_KEY_FILE: this.keyFile(id),
      SECAGG_AUTHORITY_KEY_FILE: this.at('authority.pub'),
      SECAGG_STORE_KEY_FILE: this.storeKeyFile(id),
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
}
