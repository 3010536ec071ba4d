/** The coordinator and the router-nodes of a demo, each in a process and a data folder of its own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CoordinatorClient, RouterNodeClient } from '@secagg/client';
import { type DemoFleet } from '../fleet/demo-fleet';
import { type DemoOptions } from '../options';
import { type DemoPlan } from '../plan';
import { ManagedProcess } from './managed-process';

export interface Scripts {
  readonly coordinator: string;
  readonly routerNode: string;
}

/** Starting more node processes at once than there are cores only makes each of them slower. */
const STARTED_AT_ONCE = 4;

export class DemoProcesses {
  readonly coordinator: ManagedProcess;
  readonly routers = new Map<string, ManagedProcess>();
  private client: CoordinatorClient | undefined;
  private readonly clients = new Map<string, { url: string; client: RouterNodeClient }>();

  /** How long all of them took to start. */
  startedInMs = 0;

  constructor(
    private readonly fleet: DemoFleet,
    private readonly options: DemoOptions,
    private readonly plan: DemoPlan,
    scripts: Scripts,
  ) {
    const spec = (name: string, script: string, environment: Record<string, string>) =>
      new ManagedProcess({
        name,
        script,
        environment,
        logFile: join(fleet.folder, `${name}.log`),
        nodeOptions: ['--enable-source-maps'],
        outlives: options.keep,
      });
    const config = join(fleet.folder, 'coordinator.json');
    writeFileSync(config, JSON.stringify(this.coordinatorConfig(), null, 2));
    this.coordinator = spec('coordinator', scripts.coordinator, { SECAGG_CONFIG: config });
    for (const id of fleet.routers)
      this.routers.set(id, spec(id, scripts.routerNode, { SECAGG_CONFIG: join(fleet.folder, `${id}.json`) }));
  }

  /** @param crashing as for {@link startRouters} */
  async start(crashing: readonly string[]): Promise<void> {
    const began = Date.now();
    await this.coordinator.start();
    this.client = new CoordinatorClient({ url: this.coordinator.url });
    for (const id of this.fleet.routers)
      writeFileSync(join(this.fleet.folder, `${id}.json`), JSON.stringify(this.routerConfig(id), null, 2));
    await this.startRouters(this.fleet.routers, crashing);
    this.startedInMs = Date.now() - began;
  }

  /** @param crashing routers that kill themselves between their vote and their answer */
  async startRouters(ids: readonly string[], crashing: readonly string[] = []): Promise<void> {
    const left = [...ids];
    const startNext = async (): Promise<void> => {
      for (let id = left.shift(); id !== undefined; id = left.shift()) {
        await this.router(id).start(crashing.includes(id) ? { SECAGG_UNSAFE_CRASH_AT: 'before-send:answer' } : {});
      }
    };
    await Promise.all(Array.from({ length: STARTED_AT_ONCE }, startNext));
  }

  router(id: string): ManagedProcess {
    const found = this.routers.get(id);
    if (!found) throw new Error(`there is no ${id}`);
    return found;
  }

  coordinatorClient(): CoordinatorClient {
    if (!this.client) throw new Error('the coordinator was not started');
    return this.client;
  }

  /** A restarted router listens somewhere else. */
  routerClient(id: string): RouterNodeClient {
    const { url } = this.router(id);
    const known = this.clients.get(id);
    if (known?.url === url) return known.client;
    void known?.client.close();
    const client = new RouterNodeClient({ url, connections: 2 });
    this.clients.set(id, { url, client });
    return client;
  }

  all(): ManagedProcess[] {
    return [this.coordinator, ...this.routers.values()];
  }

  async closeClients(): Promise<void> {
    await Promise.all(
      [this.client, ...[...this.clients.values()].map(({ client }) => client)].map(async (client) => client?.close()),
    );
  }

  async stop(): Promise<void> {
    await this.closeClients();
    await Promise.all([...this.routers.values()].map((router) => router.stop()));
    await this.coordinator.stop();
  }

  private coordinatorConfig() {
    const { options, plan, fleet } = this;
    return {
      id: 'coordinator',
      host: '127.0.0.1',
      port: 0,
      dataDir: this.dataFolder('coordinator'),
      identityKeyFile: fleet.keyFile('coordinator'),
      storeKeyFile: fleet.storeKeyFile('coordinator'),
      authorityKeyFile: join(fleet.folder, 'authority.pub'),
      policyFile: join(fleet.folder, 'policy.cbor'),
      rosterFile: join(fleet.folder, 'roster.cbor'),
      freshnessFile: join(fleet.folder, 'freshness.cbor'),
      clusters: [
        {
          cluster: fleet.cluster,
          keys: plan.keys,
          fields: plan.fieldOptions,
          maxRequestsPerRouter: plan.maxRequestsPerRouter,
          minParticipantsPerGroup: options.minParticipants,
          maxParticipants: options.routers,
          privacy: {
            unit: 'request',
            rho: options.unsafeNoNoise ? 'unsafe-none' : plan.rho,
            deltaInverse: plan.deltaInverse,
          },
          sendDelayMs: plan.sendDelayMs,
          durationMs: plan.durationMs,
        },
      ],
      // All parties are on one machine: whoever has not answered within a second or two is gone.
      timings: { reportGraceMs: 1500, answerGraceMs: 1500, proposalTimeoutMs: 20_000, undecidedTimeoutMs: 30_000 },
    };
  }

  private routerConfig(id: string) {
    const { options, plan, fleet } = this;
    return {
      id,
      cluster: fleet.cluster,
      coordinatorUrl: this.coordinator.url,
      host: '127.0.0.1',
      port: 0,
      dataDir: this.dataFolder(id),
      identityKeyFile: fleet.keyFile(id),
      authorityKeyFile: join(fleet.folder, 'authority.pub'),
      storeKeyFile: fleet.storeKeyFile(id),
      privacyUnit: 'request',
      maxRoundRho: plan.rho,
      budgetRho: fleet.budgetRho,
      budgetDelta: 1 / plan.deltaInverse,
      minHonestPerGroup: options.minParticipants - options.assumedColluders,
      unsafeNoNoise: options.unsafeNoNoise,
      // A round may have to take everything that a router has.
      maxRequestsPerRound: Math.min(1_000_000, plan.maxRequestsPerRouter),
      retryMaxMs: 500,
      sendSpreadMs: 200,
    };
  }

  private dataFolder(name: string): string {
    const folder = join(this.fleet.folder, 'data', name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  }
}
