/** Measures; each run serves all figures that need it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestPostgres } from '@secagg/testbed/postgres';
import { HttpCluster, type Scripts } from './http/cluster';
import { BenchFleet } from './http/fleet';
import { LargeStore } from './http/large-store';
import { measureReplicas, median } from './postgres/replicas';
import { rankTimes } from './http/ranking';
import { runSimulator, type SimulatorFigures } from './simulator';

export interface Note {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

const CLOSE_REPETITIONS = 5;
/** As many as the simulator takes for d = 1024: 205 keys of 5 fields. */
const keys = Array.from({ length: 205 }, (_, i) => `model:task-${String(i).padStart(3, '0')}`);

export class Bench {
  /** Figures without a target, from runs that were checked as well. */
  readonly notes: Note[] = [];
  private readonly simulations = new Map<string, SimulatorFigures>();

  constructor(private readonly scripts: Scripts & { readonly simulate: string }) {}

  simulate(args: readonly string[]): SimulatorFigures {
    const name = args.join(' ');
    const figures = this.simulations.get(name) ?? runSimulator(this.scripts.simulate, args);
    this.simulations.set(name, figures);
    return figures;
  }

  /** Median seconds from the close of a round of n to its published result, over HTTP. */
  closeToResult(n: number): Promise<number> {
    return this.withCluster(n, async (cluster) => {
      const times: number[] = [];
      for (let i = 0; i < CLOSE_REPETITIONS; i++) times.push((await cluster.run(n)).closeToResultSeconds);
      return times.sort((a, b) => a - b)[CLOSE_REPETITIONS >> 1];
    });
  }

  /** Contributions per second that one coordinator makes durable and answers with a receipt. */
  async ingest(n: number): Promise<number> {
    return (await this.withCluster(n, (cluster) => cluster.run(n))).ingestPerSecond;
  }

  /**
   * How much more memory a coordinator needs for a round of `many` than for one of `few`, each in a fresh process:
   * resident set without garbage, in MB. What garbage adds until it is collected is noted apart.
   */
  async memoryGrowth(few: number, many: number): Promise<number> {
    const measure = (n: number) =>
      this.withCluster(
        many,
        async (cluster) => ({ needed: (await cluster.run(n)).neededMemoryMb as number, peak: cluster.peakMemoryMb() }),
        true,
      );
    const small = await measure(few);
    const large = await measure(many);
    this.notes.push({ name: `memory_peak_growth_n${few}_n${many}_mb`, value: large.peak - small.peak, unit: 'MB' });
    return large.needed - small.needed;
  }

  /**
   * Contributions that three coordinators on one PostgreSQL take together over those that one takes: median of pairs.
   */
  async replicaRatio(n: number): Promise<number> {
    const server = TestPostgres.start('on-disk');
    if (!server) throw new Error('PostgreSQL is not installed');
    const folder = mkdtempSync(join(tmpdir(), 'secagg-bench-'));
    try {
      const measured = await measureReplicas(server, new BenchFleet(folder, n), this.scripts, keys);
      const note = (name: string, value: number, unit: string) => this.notes.push({ name, value, unit });
      for (const count of [1, 2, 3, 4]) {
        note(`ingest_postgres_${count}_per_s`, measured.perSecond.get(count) ?? NaN, '1/s');
        note(`ingest_postgres_${count}_cpu_ms`, measured.cpuMs.get(count) ?? NaN, 'ms');
        note(`ingest_postgres_${count}_database_cpu_ms`, measured.databaseCpuMs.get(count) ?? NaN, 'ms');
      }
      note('floor_postgres_insert_per_s', measured.bareInsertsPerSecond, '1/s');
      note('ingest_postgres_ratio_least', Math.min(...measured.ratios), '');
      note('ingest_postgres_ratio_most', Math.max(...measured.ratios), '');
      return median(measured.ratios);
    } finally {
      server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /**
   * Longest time that the event loop of a router-node is blocked in a round, with a million observations in its store.
   */
  eventLoopBlock(): Promise<number> {
    return this.withCluster(LargeStore.ROUTERS, (cluster, fleet) =>
      new LargeStore(fleet, cluster, this.scripts.routerNode, keys[0]).longestBlockMs(),
    );
  }

  /** What a router-node takes to rank twenty models, in 99 of 100 requests at most. */
  async rankP99(): Promise<number> {
    const times = await this.withCluster(LargeStore.ROUTERS, (cluster, fleet) =>
      rankTimes(fleet, cluster, this.scripts.routerNode),
    );
    this.notes.push({ name: 'rank_median_ms', value: times.serverMedianMs, unit: 'ms' });
    this.notes.push({ name: 'rank_round_trip_p99_ms', value: times.roundTripP99Ms, unit: 'ms' });
    return times.serverP99Ms;
  }

  private async withCluster<T>(
    routers: number,
    use: (cluster: HttpCluster, fleet: BenchFleet) => Promise<T>,
    inspected = false,
  ): Promise<T> {
    const folder = mkdtempSync(join(tmpdir(), 'secagg-bench-'));
    const fleet = new BenchFleet(folder, routers);
    const cluster = new HttpCluster(fleet, this.scripts, keys, inspected);
    try {
      await cluster.start();
      return await use(cluster, fleet);
    } finally {
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
