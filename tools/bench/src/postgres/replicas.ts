/**
 * How many contributions coordinators on one PostgreSQL take together. All share the cores of this machine with the
 * database, and with this process, which sends. Rounds with different numbers of replicas alternate, so that what else
 * the machine does meets all of them; replicas that a round does without stand still while the clock runs.
 */
import { Pool } from 'undici';
import { roundConfigMessage } from '@secagg/schema';
import { type TestPostgres } from '@secagg/testbed/postgres';
import { cpuSecondsOf } from '@secagg/testbed/processes';
import { HttpCluster, type Scripts } from '../http/cluster';
import { prepareContributions } from '../http/contributions';
import { type BenchFleet } from '../http/fleet';
import { type Service } from '../http/service';
import { bareInserts } from './bare-inserts';

export interface ReplicaFigures {
  /** Median of the rounds with so many replicas. */
  readonly perSecond: ReadonlyMap<number, number>;
  /** Milliseconds of processor time that the replicas take for a contribution, all together. */
  readonly cpuMs: ReadonlyMap<number, number>;
  /** The same of the database's server. */
  readonly databaseCpuMs: ReadonlyMap<number, number>;
  /** Of each repetition, three replicas over one. */
  readonly ratios: readonly number[];
  /** Rows of the same size that one connection inserts in batches, per second. */
  readonly bareInsertsPerSecond: number;
}

const COUNTS = [1, 3, 2, 4];
const MOST = Math.max(...COUNTS);
const REPETITIONS = 5;
/** Rounds that only make the code warm, as in a service. */
const WARM_UP = 2;
const CONNECTIONS = 32;

interface Measured {
  readonly perSecond: number;
  readonly cpuMs: number;
  readonly databaseCpuMs: number;
}

export async function measureReplicas(
  server: TestPostgres,
  fleet: BenchFleet,
  scripts: Scripts,
  keys: readonly string[],
): Promise<ReplicaFigures> {
  const cluster = new HttpCluster(fleet, scripts, keys, false, server.createDatabase());
  try {
    await cluster.start();
    const replicas = [
      cluster.first,
      ...Array.from({ length: MOST - 1 }, (_, i) => cluster.startReplica(`replica-${i}`)),
    ];
    for (let i = 0; i < WARM_UP; i++) await roundWith(server, cluster, fleet, replicas, MOST);
    const measured = new Map<number, Measured[]>(COUNTS.map((count) => [count, []]));
    let bytes = 0;
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      for (const count of COUNTS) {
        const round = await roundWith(server, cluster, fleet, replicas, count);
        bytes = round.bytes;
        measured.get(count)?.push(round);
      }
    }
    const medians = (what: (of: Measured) => number) =>
      new Map([...measured].map(([count, list]) => [count, median(list.map(what))]));
    const [ones, threes] = [measured.get(1) ?? [], measured.get(3) ?? []];
    return {
      perSecond: medians(({ perSecond }) => perSecond),
      cpuMs: medians(({ cpuMs }) => cpuMs),
      databaseCpuMs: medians(({ databaseCpuMs }) => databaseCpuMs),
      ratios: threes.map(({ perSecond }, i) => perSecond / ones[i].perSecond),
      bareInsertsPerSecond: await bareInserts(server.createDatabase(), bytes, CONNECTIONS),
    };
  } finally {
    await cluster.stop();
  }
}

/** A whole round; throws when its published sum is not that of the vectors and noise that were sent. */
async function roundWith(
  server: TestPostgres,
  cluster: HttpCluster,
  fleet: BenchFleet,
  all: readonly Service[],
  count: number,
): Promise<Measured & { readonly bytes: number }> {
  const [replicas, idle] = [all.slice(0, count), all.slice(count)];
  const pools: Pool[] = [];
  try {
    const size = fleet.routers.length;
    const open = await cluster.announce(size);
    const { round } = roundConfigMessage.decode(open.announcement.body);
    const prepared = prepareContributions(fleet.view, open, fleet.routers);
    const path = `/v1/clusters/${fleet.cluster}/rounds/${round}/contributions`;
    for (const replica of replicas)
      pools.push(new Pool(await replica.url, { connections: Math.ceil(CONNECTIONS / count), pipelining: 1 }));
    // Each connects, and knows the round, before the clock runs.
    const warm = 4 * CONNECTIONS;
    await send(pools, path, prepared.bodies.slice(0, warm));
    // The last one closes the round, and puts the committee to work: it comes after the clock.
    const timed = prepared.bodies.slice(warm, -1);
    for (const replica of idle) replica.signal('SIGSTOP');
    const before = cpuSeconds(server, replicas);
    const startedMs = performance.now();
    await send(pools, path, timed);
    const seconds = (performance.now() - startedMs) / 1000;
    const after = cpuSeconds(server, replicas);
    for (const replica of idle) replica.signal('SIGCONT');
    await send(pools, path, prepared.bodies.slice(-1));
    await cluster.untilPublished(cluster.api, round);
    await cluster.check(cluster.api, round, prepared, size);
    return {
      perSecond: timed.length / seconds,
      cpuMs: (1000 * (after.replicas - before.replicas)) / timed.length,
      databaseCpuMs: (1000 * (after.database - before.database)) / timed.length,
      bytes: prepared.bodies[0].length,
    };
  } finally {
    for (const pool of pools) await pool.destroy();
  }
}

/**
 * Over a fixed number of connections, each with one contribution at a time under way. Throws for one without a receipt.
 */
async function send(pools: readonly Pool[], path: string, bodies: readonly Uint8Array[]): Promise<void> {
  let next = 0;
  const connection = async (pool: Pool): Promise<void> => {
    for (let i = next++; i < bodies.length; i = next++) {
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path,
        headers: { 'content-type': 'application/cbor' },
        body: bodies[i],
      });
      const reply = await body.arrayBuffer();
      if (statusCode !== 201 || reply.byteLength === 0) throw new Error(`a contribution got ${statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, i) => connection(pools[i % pools.length])));
}

const cpuSeconds = (server: TestPostgres, replicas: readonly Service[]) => ({
  replicas: replicas.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0),
  database: server.cpuSeconds(),
});

export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];
