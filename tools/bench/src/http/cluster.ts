/** A coordinator and a committee, each member in a process of its own, and rounds through their HTTP interface. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CoordinatorClient } from '@secagg/client';
import { auditTranscript, signDocument } from '@secagg/protocol';
import { type OpenRound, operatorRequestMessage, roundConfigMessage } from '@secagg/schema';
import { random } from '@secagg/testbed/random';
import { prepareContributions, type Prepared } from './contributions';
import { type BenchFleet } from './fleet';
import { Service } from './service';

export interface Scripts {
  readonly coordinator: string;
  readonly routerNode: string;
}

export interface HttpRound {
  /** Contributions with a receipt per second, all but the last of the round. */
  readonly ingestPerSecond: number;
  /**
   * From sending the last contribution, which closes the round, to knowing that the result is published, in seconds.
   */
  readonly closeToResultSeconds: number;
  /**
   * Of the coordinator, without garbage: the larger of before the close and after the publication; only when inspected.
   */
  readonly neededMemoryMb?: number;
}

const CONNECTIONS = 32;
/** Every party verifies thousands of certificates first. */
const EPOCH_TIMEOUT_MS = 180_000;
/** Rounds close when they are full; the deadline only ends those that went wrong. */
const DURATION_MS = 600_000;

export class HttpCluster {
  private readonly services: Service[] = [];
  private readonly coordinator: Service;
  private client: CoordinatorClient | undefined;

  /**
   * @param databaseUrl of a PostgreSQL database that further coordinators may share; otherwise the coordinator has a
   * file
   */
  constructor(
    private readonly fleet: BenchFleet,
    private readonly scripts: Scripts,
    private readonly keys: readonly string[],
    private readonly inspected = false,
    private readonly databaseUrl?: string,
  ) {
    this.coordinator = this.startCoordinator('coordinator');
  }

  /** One more on the same database. */
  startReplica(name: string): Service {
    return this.startCoordinator(name);
  }

  private startCoordinator(name: string): Service {
    const { fleet, keys, databaseUrl } = this;
    return this.service(name, this.scripts.coordinator, {
      id: 'coordinator',
      ...(databaseUrl === undefined ? {} : { databaseUrl, dataDir: undefined }),
      host: '127.0.0.1',
      port: 0,
      identityKeyFile: fleet.keyFile('coordinator'),
      policyFile: join(fleet.folder, 'policy.cbor'),
      rosterFile: join(fleet.folder, 'roster.cbor'),
      clusters: [
        {
          cluster: fleet.cluster,
          keys,
          fields: { cost: true },
          maxRequestsPerRouter: 1000,
          minParticipantsPerGroup: 2,
          maxParticipants: fleet.routers.length,
          privacy: { unit: 'request', rho: 0.1 },
          sendDelayMs: 0,
          durationMs: DURATION_MS,
        },
      ],
      // The machine may be busy; a member that takes long is not gone.
      timings: {
        reportGraceMs: 60_000,
        answerGraceMs: 60_000,
        proposalTimeoutMs: 120_000,
        undecidedTimeoutMs: 300_000,
      },
    });
  }

  /** Waits until the first epoch is complete. */
  async start(): Promise<void> {
    const { fleet } = this;
    const coordinatorUrl = await this.coordinator.url;
    const client = new CoordinatorClient({ url: coordinatorUrl, connections: CONNECTIONS });
    this.client = client;
    const members = fleet.members.map(({ id }) =>
      this.service(id, this.scripts.routerNode, {
        cluster: fleet.cluster,
        coordinatorUrl,
        port: 0,
        identityKeyFile: fleet.keyFile(id),
        storeKeyFile: fleet.storeKeyFile(id),
      }),
    );
    for (const member of members) await member.url;
    for (const deadline = Date.now() + EPOCH_TIMEOUT_MS; !(await client.currentEpoch()); await pause(50)) {
      if (Date.now() > deadline) throw new Error('no epoch came about');
    }
  }

  /** Announces a round that closes with `n` contributions, also beside others. */
  async announce(n: number): Promise<OpenRound> {
    const { cluster, view, operator } = this.fleet;
    const request = signDocument(
      operatorRequestMessage,
      view.fleet,
      {
        v: 1,
        fleet: view.fleet,
        operator: operator.id,
        nonce: random(16),
        issued_at_ms: Date.now(),
        action: 'start-round',
        cluster,
        force: true,
        overrides: { max_participants: n, min_participants_per_group: Math.floor(n / 2) },
      },
      operator.secretKey,
    );
    return this.api.startRound(cluster, request);
  }

  /** A whole round of the first `n` routers. Throws when the published sum is not that of their vectors and noise. */
  async run(n: number): Promise<HttpRound> {
    const client = this.api;
    const { view } = this.fleet;
    const open = await this.announce(n);
    const { round } = roundConfigMessage.decode(open.announcement.body);
    const prepared = prepareContributions(view, open, this.fleet.routers.slice(0, n));

    const started = performance.now();
    await this.send(client, round, prepared.bodies.slice(0, -1));
    const sent = performance.now();
    const before = this.inspected ? await this.coordinator.neededMemoryMb() : 0;
    const closing = performance.now();
    await this.send(client, round, prepared.bodies.slice(-1));
    await this.untilPublished(client, round);
    const finished = performance.now();
    await this.check(client, round, prepared, n);
    return {
      ingestPerSecond: (n - 1) / ((sent - started) / 1000),
      closeToResultSeconds: (finished - closing) / 1000,
      ...(this.inspected ? { neededMemoryMb: Math.max(before, await this.coordinator.neededMemoryMb()) } : {}),
    };
  }

  get api(): CoordinatorClient {
    if (!this.client) throw new Error('the coordinator was not started');
    return this.client;
  }

  /** The coordinator that is there from the start. */
  get first(): Service {
    return this.coordinator;
  }

  get coordinatorUrl(): Promise<string> {
    return this.coordinator.url;
  }

  /** Resident set of the coordinator without garbage, in MB; only when inspected. */
  neededMemoryMb(): Promise<number> {
    return this.coordinator.neededMemoryMb();
  }

  /** Resident set of the coordinator now, in MB. */
  memoryMb(): number {
    return this.coordinator.knownMemoryMb('VmRSS');
  }

  peakMemoryMb(): number {
    return this.coordinator.knownMemoryMb('VmHWM');
  }

  async stop(): Promise<void> {
    await this.client?.close();
    await Promise.all(this.services.map((service) => service.kill()));
  }

  async untilPublished(client: CoordinatorClient, round: number): Promise<void> {
    for (;;) {
      const status = await client.roundStatus(this.fleet.cluster, round, { waitMs: 25_000 });
      if (status?.phase === 'published') return;
      if (status?.phase === 'aborted' || status?.phase === 'undecided')
        throw new Error(`the round ended as ${status.phase}`);
    }
  }

  /** Over a fixed number of connections, each with one contribution at a time under way. */
  private async send(client: CoordinatorClient, round: number, bodies: readonly Uint8Array[]): Promise<void> {
    let next = 0;
    const connection = async (): Promise<void> => {
      for (let i = next++; i < bodies.length; i = next++)
        await client.contribute(this.fleet.cluster, round, bodies[i], { timeoutMs: 60_000 });
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  }

  /** Throws when the round has not published the sum of what was sent. */
  async check(client: CoordinatorClient, round: number, { sum }: Pick<Prepared, 'sum'>, n: number): Promise<void> {
    const audited = auditTranscript(this.fleet.view.authorityKey, await client.transcript(this.fleet.cluster, round));
    if (audited.kind !== 'opened' || audited.sums.length !== 1 || audited.sums[0].size !== n)
      throw new Error('the round has not opened all contributions');
    const { values } = audited.sums[0];
    if (sum.some((value, i) => value !== values[i]))
      throw new Error('the published sum is not the sum of the vectors and noise that were sent');
  }

  private service(id: string, script: string, config: Record<string, unknown>): Service {
    const { folder } = this.fleet;
    const dataDir = join(folder, 'data', id);
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const file = join(folder, `${id}.json`);
    writeFileSync(
      file,
      JSON.stringify({ id, dataDir, authorityKeyFile: join(folder, 'authority.pub'), logLevel: 'info', ...config }),
    );
    const service = new Service({
      name: id,
      script,
      environment: { SECAGG_CONFIG: file },
      inspected: this.inspected && id === 'coordinator',
    });
    this.services.push(service);
    return service;
  }
}
