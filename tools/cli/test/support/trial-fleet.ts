/** A fleet made by the CLI, and its services as processes of the built apps. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { type IngestAnswer, RouterNodeClient } from '@secagg/client';
import { ServiceProcess } from '@secagg/testbed/processes';
import { eventually } from '@secagg/testbed/wait';

const dist = resolve(__dirname, '../../../../dist');
const scripts = {
  secagg: join(dist, 'tools/cli/main.js'),
  coordinator: join(dist, 'apps/coordinator/main.js'),
  routerNode: join(dist, 'apps/router-node/main.js'),
};

export interface Running {
  readonly process: ServiceProcess;
  readonly url: string;
  log(): string;
}

export class TrialFleet {
  readonly folder: string;
  readonly nodes = new Map<string, Running>();
  cluster = '';
  private cliEnvironment: Readonly<Record<string, string>> = {};
  coordinator: Running | undefined;

  constructor(readonly ids: readonly string[]) {
    for (const script of Object.values(scripts))
      if (!existsSync(script)) throw new Error('build the CLI and the apps first: npm test does');
    this.folder = mkdtempSync(join(tmpdir(), 'secagg-trial-'));
  }

  at(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** With the operator's key sealed: the CLI opens it with the store key of alice. */
  async sealOperator(): Promise<void> {
    writeFileSync(this.at('alice.store.key'), Buffer.from('alice'.padEnd(32, '.')), { mode: 0o600 });
    await this.secagg(
      'identity',
      'seal',
      'fleet/parties/alice/identity.key',
      '--id',
      'alice',
      '--store-key',
      'alice.store.key',
    );
    this.cliEnvironment = { SECAGG_STORE_KEY_FILE: 'alice.store.key' };
  }

  secagg(...args: string[]): Promise<Record<string, unknown>> {
    return new Promise((done, fail) => {
      execFile(
        process.execPath,
        [scripts.secagg, ...args],
        { cwd: this.folder, env: { PATH: process.env.PATH ?? '', ...this.cliEnvironment } },
        (error, stdout, stderr) => {
          if (error) fail(new Error(`secagg ${args.join(' ')}: ${stdout}${stderr}`));
          else done(JSON.parse(stdout) as Record<string, unknown>);
        },
      );
    });
  }

  /** Authority, certificates, roster, keys. All routers are candidates for the committee. */
  async create(options: readonly string[]): Promise<void> {
    const { ids } = this;
    ({ cluster: this.cluster } = (await this.secagg('fleet', 'init', 'trial', '--cluster', 'eu', ...options)) as {
      cluster: string;
    });
    for (const id of ids) {
      await this.secagg('fleet', 'issue', id, '--roles', 'router,committee');
      writeFileSync(this.at(`${id}.store.key`), Buffer.from(id.padEnd(32, '.')), { mode: 0o600 });
    }
    await this.secagg('fleet', 'issue', 'coordinator', '--roles', 'coordinator');
    await this.secagg('fleet', 'issue', 'alice', '--roles', 'operator');
    await this.secagg('fleet', 'roster');
  }

  async startCoordinator(plan: object, config: object = {}): Promise<Running> {
    writeFileSync(
      this.at('coordinator.json'),
      JSON.stringify({
        port: 0,
        dataDir: 'data-coordinator',
        identityKeyFile: 'fleet/parties/coordinator/identity.key',
        authorityKeyFile: 'fleet/authority.pub',
        policyFile: 'fleet/policy.cbor',
        rosterFile: 'fleet/roster.cbor',
        freshnessFile: 'fleet/freshness.cbor',
        autoEpochs: false,
        clusters: [{ cluster: this.cluster, keys: ['m:chat'], ...plan }],
        ...config,
      }),
    );
    this.coordinator = await this.start(scripts.coordinator, { SECAGG_CONFIG: 'coordinator.json' });
    return this.coordinator;
  }

  /** @param coordinatorUrl where the node is to look for the coordinator, when it is not the coordinator itself */
  async startNode(
    id: string,
    environment: Readonly<Record<string, string>> = {},
    coordinatorUrl = this.origin,
  ): Promise<void> {
    this.nodes.set(
      id,
      await this.start(scripts.routerNode, {
        SECAGG_ID: id,
        SECAGG_CLUSTER: this.cluster,
        SECAGG_COORDINATOR_URL: coordinatorUrl,
        SECAGG_PORT: '0',
        SECAGG_DATA_DIR: `data-${id}`,
        SECAGG_IDENTITY_KEY_FILE: `fleet/parties/${id}/identity.key`,
        SECAGG_AUTHORITY_KEY_FILE: `fleet/parties/${id}/authority.pub`,
        SECAGG_STORE_KEY_FILE: `${id}.store.key`,
        // Of two, one may be a corrupt member.
        SECAGG_MIN_HONEST_PER_GROUP: '1',
        SECAGG_RETRY_MAX_MS: '300',
        SECAGG_PREPARE_MS: '1000',
        SECAGG_MAX_REQUESTS_PER_ROUND: '1000',
        ...environment,
      }),
    );
  }

  node(id: string): Running {
    const found = this.nodes.get(id);
    if (!found) throw new Error(`${id} was not started`);
    return found;
  }

  get origin(): string {
    if (!this.coordinator) throw new Error('the coordinator was not started');
    return this.coordinator.url;
  }

  async ask<T>(id: string, question: (client: RouterNodeClient) => Promise<T>): Promise<T> {
    const client = new RouterNodeClient({ url: this.node(id).url });
    try {
      return await question(client);
    } finally {
      await client.close();
    }
  }

  status(id: string) {
    return this.ask(id, (client) => client.status());
  }

  observe(id: string, n: number): Promise<IngestAnswer> {
    return this.ask(id, (client) =>
      client.postObservations(
        Array.from({ length: n }, () => ({ model: 'm', task: 'chat', success: true, latency_s: 1 })),
      ),
    );
  }

  startEpoch(): Promise<Record<string, unknown>> {
    return this.secagg('epoch', 'start', this.origin, '--operator', 'fleet/parties/alice');
  }

  async startRound(durationMs: number): Promise<number> {
    const started = await this.secagg(
      'round',
      'start',
      this.origin,
      '--operator',
      'fleet/parties/alice',
      '--cluster',
      this.cluster,
      '--duration-ms',
      String(durationMs),
      '--send-delay-ms',
      '100',
    );
    return started.round as number;
  }

  outcome(round: number): Promise<Record<string, unknown>> {
    return this.secagg(
      'round',
      'status',
      this.origin,
      '--cluster',
      this.cluster,
      '--round',
      String(round),
      '--wait-s',
      '50',
    );
  }

  settled(id: string, round: number): Promise<void> {
    return eventually(`${id} has settled round ${round}`, async () =>
      (await this.status(id)).participations.some(
        (each) => each.round === round && ['included', 'left_out'].includes(each.state),
      ),
    );
  }

  async remove(): Promise<void> {
    await Promise.all([...this.nodes.values(), ...(this.coordinator ? [this.coordinator] : [])].map(kill));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async start(script: string, environment: Record<string, string>): Promise<Running> {
    const said: string[] = [];
    const service = new ServiceProcess({
      name: basename(dirname(script)),
      script,
      cwd: this.folder,
      environment,
      onLine: (line) => said.push(line),
    });
    return { process: service, url: await service.url, log: () => said.join('\n') };
  }
}

export const kill = ({ process }: Running): Promise<unknown> => process.kill();
