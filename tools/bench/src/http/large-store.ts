/**
 * A router-node that holds a million observations, nearly all of keys that no round takes: how long its event loop is
 * kept from everything else at most, through a round, large batches of both kinds and a look at its status.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { RouterNodeClient } from '@secagg/client';
import { roundConfigMessage } from '@secagg/schema';
import { ServiceProcess } from '@secagg/testbed/processes';
import Libsql from 'libsql';
import { request } from 'undici';
import { type HttpCluster } from './cluster';
import { prepareContributions } from './contributions';
import { type BenchFleet } from './fleet';

const STORED = 1_000_000;
const LISTED = 20_000;
const ROUNDS = 2;
/** LiteLLM sends as many at a time. */
const CALLS = 512;
/** How often the runtime looks, which is in what it measures (prom-client, eventLoopMonitoringPrecision). */
const RESOLUTION_MS = 10;

export class LargeStore {
  /** One of them is the node, the others are played. */
  static readonly ROUTERS = 4;
  private readonly dataDir: string;
  private readonly configFile: string;

  /** @param key one that the rounds of the cluster take */
  constructor(
    private readonly fleet: BenchFleet,
    private readonly cluster: HttpCluster,
    private readonly script: string,
    private readonly key: string,
  ) {
    const [{ id, secretKey }] = fleet.routers;
    this.dataDir = join(fleet.folder, 'data', id);
    this.configFile = join(fleet.folder, `${id}.json`);
    mkdirSync(this.dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(fleet.keyFile(id), secretKey, { mode: 0o600 });
  }

  /** Longest time in milliseconds. Throws when a round did not take and publish what it should. */
  async longestBlockMs(): Promise<number> {
    writeFileSync(this.configFile, JSON.stringify(await this.config()));
    await this.fill();
    const service = this.start();
    const url = await service.url;
    const client = new RouterNodeClient({ url });
    try {
      let longestMs = 0;
      for (let round = 1; round <= ROUNDS; round++) {
        await lagMs(url);
        await this.round(client, url);
        longestMs = await lagMs(url);
      }
      // Of the last round: the first one runs code that has not run before.
      return Math.max(0, longestMs - RESOLUTION_MS);
    } finally {
      await client.close();
      await service.kill();
    }
  }

  private start(): ServiceProcess {
    return new ServiceProcess({
      name: this.fleet.routers[0].id,
      script: this.script,
      environment: { SECAGG_CONFIG: this.configFile },
    });
  }

  private async config(): Promise<Record<string, unknown>> {
    const [{ id }] = this.fleet.routers;
    return {
      id,
      cluster: this.fleet.cluster,
      coordinatorUrl: await this.cluster.coordinatorUrl,
      port: 0,
      dataDir: this.dataDir,
      identityKeyFile: this.fleet.keyFile(id),
      authorityKeyFile: join(this.fleet.folder, 'authority.pub'),
      maxRoundRho: 1000,
      budgetRho: 4000,
      minHonestPerGroup: 1,
      maxObservations: 2 * STORED,
    };
  }

  /** The node makes the file; the rows are put there directly. */
  private async fill(): Promise<void> {
    const first = this.start();
    await first.url;
    await first.kill();
    const database = new Libsql(join(this.dataDir, 'observations.db'));
    const [model, task] = this.key.split(':');
    const body = JSON.stringify({ model, task, success: true, latency_s: 1 });
    const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
    // Not prepared: a statement that is kept would keep the file locked after it is closed.
    database.exec(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${STORED})
       INSERT INTO observation (key, body, received_at_ms)
       SELECT iif(i % ${STORED / LISTED} = 0, ${text(this.key)}, 'unlisted-' || (i % 40) || ':task'), ${text(body)}, ${Date.now()} FROM n`,
    );
    database.close();
  }

  private async round(client: RouterNodeClient, url: string): Promise<void> {
    const { api } = this.cluster;
    const before = (await client.status()).participations.length;
    const open = await this.cluster.announce(LargeStore.ROUTERS);
    const { round } = roundConfigMessage.decode(open.announcement.body);
    const joined = async () => (await client.status()).participations[0];
    const [model, task] = this.key.split(':');
    const calls = this.postCalls(url, round);
    await client.postObservations(Array.from({ length: 10_000 }, () => ({ model, task, success: true, latency_s: 1 })));
    await calls;
    for (let state = await joined(); state?.round !== round || state.state !== 'sent'; state = await joined())
      await pause(200);
    const { bodies } = prepareContributions(this.fleet.view, open, this.fleet.routers.slice(1, LargeStore.ROUTERS));
    for (const body of bodies) await api.contribute(this.fleet.cluster, round, body);
    await this.cluster.untilPublished(api, round);
    for (let state = await joined(); state.state !== 'included'; state = await joined()) await pause(200);
    const { participations, observations } = await client.status();
    if (participations.length !== before + 1 || observations.waiting < STORED)
      throw new Error('the router did not take part as it should');
  }

  /** A batch of LiteLLM, ten megabytes with its prompts. */
  private async postCalls(url: string, round: number): Promise<void> {
    const [model, task] = this.key.split(':');
    const startTime = Date.now() / 1000;
    const messages = [{ role: 'user', content: 'x'.repeat(20_000) }];
    const calls = Array.from({ length: CALLS }, (_, i) => ({
      id: `${round}/${i}`,
      call_type: 'completion',
      status: 'success',
      model,
      request_tags: [`task:${task}`],
      startTime,
      endTime: startTime + 1,
      messages,
    }));
    const reply = await request(`${url}/v1/ingest/litellm`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(calls),
    });
    const { accepted } = (await reply.body.json()) as { accepted?: number };
    if (accepted !== CALLS) throw new Error('the router did not take the batch as it should');
  }
}

/** Longest delay of the event loop since this was last asked. */
async function lagMs(url: string): Promise<number> {
  const { body } = await request(`${url}/metrics`);
  const found = /^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(await body.text());
  if (!found) throw new Error('the node does not tell the delay of its event loop');
  return 1000 * Number(found[1]);
}
