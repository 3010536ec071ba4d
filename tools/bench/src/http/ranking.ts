/** A router-node that is asked which of twenty models to take: the time it takes of each request, by its own clock. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { RouterNodeClient } from '@secagg/client';
import { ServiceProcess } from '@secagg/testbed/processes';
import { request } from 'undici';
import { type HttpCluster } from './cluster';
import { type BenchFleet } from './fleet';

const CANDIDATES = 20;
const TASKS = 7;
const WARM_UP = 2000;
const ASKED = 10_000;

const models = Array.from({ length: CANDIDATES }, (_, i) => `provider/model-${String(i).padStart(2, '0')}`);
const tasks = Array.from({ length: TASKS }, (_, i) => `task-${i}`);
/** All of them weighed, and drawn at random: the most that a request can ask for. */
const question = (task: string) => ({
  task,
  candidates: models,
  weights: { success: 1, quality: 0.5, latency: 0.1, cost: 0.1 },
  exploration: 'thompson' as const,
});

export interface RankTimes {
  readonly serverP99Ms: number;
  readonly serverMedianMs: number;
  /** From the caller's side, one request after the other over loopback. */
  readonly roundTripP99Ms: number;
}

/** Throws when an answer is not what it should be. */
export async function rankTimes(fleet: BenchFleet, cluster: HttpCluster, script: string): Promise<RankTimes> {
  const service = new ServiceProcess({
    name: fleet.routers[0].id,
    script,
    environment: { SECAGG_CONFIG: await configFile(fleet, cluster) },
  });
  const url = await service.url;
  const client = new RouterNodeClient({ url });
  try {
    await report(client);
    const server: number[] = [];
    const roundTrip: number[] = [];
    for (let i = 0; i < WARM_UP + ASKED; i++) {
      const beganMs = performance.now();
      const { serverMs, ranked } = await ask(url, tasks[i % TASKS]);
      if (ranked !== CANDIDATES) throw new Error('the node did not rank what it should');
      if (i < WARM_UP) continue;
      server.push(serverMs);
      roundTrip.push(performance.now() - beganMs);
    }
    return {
      serverP99Ms: quantile(server, 0.99),
      serverMedianMs: quantile(server, 0.5),
      roundTripP99Ms: quantile(roundTrip, 0.99),
    };
  } finally {
    await client.close();
    await service.stop();
  }
}

async function configFile(fleet: BenchFleet, cluster: HttpCluster): Promise<string> {
  const [{ id, secretKey }] = fleet.routers;
  const dataDir = join(fleet.folder, 'data', id);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  writeFileSync(fleet.keyFile(id), secretKey, { mode: 0o600 });
  const path = join(fleet.folder, `${id}.json`);
  const config = {
    id,
    cluster: fleet.cluster,
    coordinatorUrl: await cluster.coordinatorUrl,
    port: 0,
    dataDir,
    identityKeyFile: fleet.keyFile(id),
    authorityKeyFile: join(fleet.folder, 'authority.pub'),
    minHonestPerGroup: 1,
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

/** The last model does best, and the node knows it. */
async function report(client: RouterNodeClient): Promise<void> {
  for (const task of tasks)
    await client.postObservations(
      models.flatMap((model, i) =>
        Array.from({ length: 50 }, (_, j) => ({
          model,
          task,
          success: j < 25 + i,
          latency_s: 1 + (i % 5),
          quality: i / CANDIDATES,
          cost_usd: 0.001 * (i + 1),
          tokens: 500,
        })),
      ),
    );
  const best = models.at(-1);
  for (;;) {
    const answers = await Promise.all(tasks.map((task) => client.rank({ task, candidates: models })));
    if (answers.every((answer) => answer.best === best && answer.ranking.every(({ state }) => state === 'usable')))
      return;
    await pause(200);
  }
}

async function ask(url: string, task: string): Promise<{ serverMs: number; ranked: number }> {
  const reply = await request(`${url}/v1/rank`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(question(task)),
  });
  const { ranking } = (await reply.body.json()) as { ranking?: unknown[] };
  const serverMs = Number(/dur=([\d.]+)/.exec(String(reply.headers['server-timing']))?.[1]);
  if (!(serverMs >= 0)) throw new Error('the node does not tell how long it took');
  return { serverMs, ranked: ranking?.length ?? 0 };
}

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(share * values.length)];
