/**
 * What one coordinator process does under load, each phase with real contributions made ahead of time:
 *
 *   steady     `routers` of them arrive within `seconds`: all have to be in, and the published sum has to be right
 *   peak       contributions with a receipt per second, as many as come in over a fixed number of connections
 *   overload   `factor` times as many arrive per second, for a minute: memory stays bounded, and what gets done stays
 * near the peak
 *   floor      the same bodies to a handler that does nothing, and as durable inserts without a protocol
 */
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CoordinatorClient } from '@secagg/client';
import { roundConfigMessage } from '@secagg/schema';
import { HttpCluster, type Scripts } from '../http/cluster';
import { prepareContributions } from '../http/contributions';
import { BenchFleet } from '../http/fleet';
import { diskFloor, fsyncMs, httpFloor } from './floor';
import { type LoadOptions } from './options';
import { contributeUntilAccepted, emptyTally, type Tally } from './simulated-router';
import { StoredBodies } from './stored-bodies';

export type Figures = Record<string, number>;

/** As many connections as there would be behind a proxy that keeps its own. */
const PEAK_CONNECTIONS = 32;
const PEAK_CONTRIBUTIONS = 2000;
/** Sockets of simulated routers at most; each waits for its receipt on one. */
const MOST_SOCKETS = 8000;
/** A coordinator keeps the transcript that was asked for last in memory for ten seconds. */
const TRANSCRIPT_KEPT_MS = 11_000;
/** Routers in a round of the overload. */
const ROUND_SIZE = 10_000;
/** As many as the simulator takes for d = 1024: 205 keys of 5 fields. */
const keys = Array.from({ length: 205 }, (_, i) => `model:task-${String(i).padStart(3, '0')}`);

export async function runLoad(
  options: LoadOptions,
  scripts: Scripts & { readonly self: string },
  print: (line: string) => void,
): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'secagg-load-'));
  const overloadTotal =
    options.factor === 0
      ? 0
      : Math.round((options.factor * options.routers * options.overloadSeconds) / options.seconds);
  const fleet = new BenchFleet(
    folder,
    Math.max(options.routers, PEAK_CONTRIBUTIONS, Math.min(ROUND_SIZE, overloadTotal)),
  );
  const cluster = new HttpCluster(fleet, scripts, keys, true);
  try {
    await cluster.start();
    const client = new CoordinatorClient({ url: await cluster.coordinatorUrl, connections: MOST_SOCKETS });
    try {
      const steady = await steadyPhase(cluster, fleet, client, options, print);
      const peak = await peakPhase(cluster, fleet, print);
      const overload =
        overloadTotal === 0
          ? {}
          : await overloadPhase(
              cluster,
              fleet,
              client,
              { options, total: overloadTotal, peak: peak.peak_per_s, folder },
              print,
            );
      const floor = await floorPhase(scripts.self, folder, steady.body_bytes, peak.peak_per_s, print);
      return { ...steady, ...peak, ...overload, ...floor };
    } finally {
      await client.close();
    }
  } finally {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function steadyPhase(
  cluster: HttpCluster,
  fleet: BenchFleet,
  client: CoordinatorClient,
  { routers, seconds }: LoadOptions,
  print: (line: string) => void,
): Promise<Figures> {
  const open = await cluster.announce(routers);
  const { round } = roundConfigMessage.decode(open.announcement.body);
  const prepared = prepareContributions(fleet.view, open, fleet.routers.slice(0, routers));
  const before = await cluster.neededMemoryMb();
  const tally = emptyTally();
  const startedMs = performance.now();
  const untilMs = startedMs + 1000 * (seconds + 120);
  const all = await Promise.all(
    prepared.bodies.map(async (body) => {
      await pause(Math.random() * 1000 * seconds);
      return contributeUntilAccepted(client, fleet.cluster, round, () => body, untilMs, tally);
    }),
  );
  const tookSeconds = (performance.now() - startedMs) / 1000;
  const peakMb = cluster.peakMemoryMb();
  await cluster.untilPublished(client, round);
  await cluster.check(client, round, prepared, routers);
  await pause(TRANSCRIPT_KEPT_MS);
  const growth = (await cluster.neededMemoryMb()) - before;
  refuseLosses(all, tally);
  print(
    `steady: ${routers} routers within ${seconds} s: ${tally.accepted} in after ${tookSeconds.toFixed(1)} s, ${tally.toldToRetry} times told to come back, sum checked`,
  );
  print(
    `  receipt after ${percentile(tally.latenciesMs, 50).toFixed(0)} ms (median), ${percentile(tally.latenciesMs, 99).toFixed(0)} ms (99 %); memory needed: ${growth.toFixed(1)} MB more, peak ${peakMb.toFixed(0)} MB`,
  );
  return {
    steady_routers: routers,
    steady_accepted: tally.accepted,
    steady_told_to_retry: tally.toldToRetry,
    steady_seconds: tookSeconds,
    steady_receipt_p50_ms: percentile(tally.latenciesMs, 50),
    steady_receipt_p99_ms: percentile(tally.latenciesMs, 99),
    steady_memory_growth_mb: growth,
    steady_peak_mb: peakMb,
    body_bytes: prepared.bodies[0].length,
  };
}

async function peakPhase(cluster: HttpCluster, fleet: BenchFleet, print: (line: string) => void): Promise<Figures> {
  const open = await cluster.announce(fleet.routers.length);
  const { round } = roundConfigMessage.decode(open.announcement.body);
  // One fewer than the round has room for: it must not close, and put the committee to work, while the clock runs.
  const { bodies } = prepareContributions(
    fleet.view,
    open,
    fleet.routers.slice(0, Math.min(PEAK_CONTRIBUTIONS, fleet.routers.length - 1)),
  );
  const tally = emptyTally();
  let next = 0;
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: PEAK_CONNECTIONS }, async () => {
      for (let i = next++; i < bodies.length; i = next++)
        await contributeUntilAccepted(cluster.api, fleet.cluster, round, () => bodies[i], Infinity, tally);
    }),
  );
  const perSecond = bodies.length / ((performance.now() - startedMs) / 1000);
  await checkCounts(cluster, fleet, new Map([[round, bodies.length]]));
  print(`peak: ${perSecond.toFixed(0)} contributions a second over ${PEAK_CONNECTIONS} connections`);
  return { peak_per_s: perSecond };
}

interface Overload {
  readonly options: LoadOptions;
  readonly total: number;
  readonly peak: number;
  readonly folder: string;
}

async function overloadPhase(
  cluster: HttpCluster,
  fleet: BenchFleet,
  client: CoordinatorClient,
  { options, total, peak, folder }: Overload,
  print: (line: string) => void,
): Promise<Figures> {
  const bodies = new StoredBodies(join(folder, 'bodies'));
  print(`overload: preparing ${total} contributions ...`);
  for (let left = total; left > 0; left -= ROUND_SIZE) {
    // One more than come, so that no round closes while the clock runs.
    const size = Math.min(left, ROUND_SIZE - 1, fleet.routers.length - 1);
    await bodies.add(fleet.view, await cluster.announce(size + 1), fleet.routers.slice(0, size));
  }
  const order = shuffled(bodies.list);
  const tally = emptyTally();
  const acceptedOf = new Map<number, number>();
  const startedMs = performance.now();
  const untilMs = startedMs + 1000 * options.overloadSeconds;
  const memory: number[] = [];
  const watch = setInterval(() => memory.push(cluster.memoryMb()), 500);
  await Promise.all(
    order.map(async (body, i) => {
      await pause((1000 * options.overloadSeconds * i) / order.length);
      const accepted = await contributeUntilAccepted(
        client,
        fleet.cluster,
        body.round,
        () => bodies.read(body),
        untilMs,
        tally,
      );
      if (accepted) acceptedOf.set(body.round, (acceptedOf.get(body.round) ?? 0) + 1);
    }),
  );
  clearInterval(watch);
  bodies.close();
  await checkCounts(cluster, fleet, acceptedOf, total);
  const within = tally.acceptedAtMs.filter((atMs) => atMs <= untilMs).length;
  const perSecond = within / options.overloadSeconds;
  const offered = (options.factor * options.routers) / options.seconds;
  // On a machine that is fast enough for all of them there is no overload, and no more to be had than came.
  const share = perSecond / Math.min(peak, offered);
  const peakMb = Math.max(...memory);
  const failed = [...tally.failed.values()].reduce((sum, n) => sum + n, 0);
  print(
    `  ${offered.toFixed(0)} routers a second for ${options.overloadSeconds} s: ${tally.sent} requests, ${within} accepted, ${tally.toldToRetry} told when to come back, ${failed} without an answer`,
  );
  for (const [what, n] of tally.failed) print(`    ${n} x ${what}`);
  print(
    `  ${perSecond.toFixed(0)} contributions a second, ${(100 * share).toFixed(0)} % of ${offered < peak ? 'what came' : 'the peak'}; memory at most ${peakMb.toFixed(0)} MB`,
  );
  return {
    overload_offered_per_s: offered,
    overload_requests: tally.sent,
    overload_accepted: within,
    overload_told_to_retry: tally.toldToRetry,
    overload_unanswered: failed,
    overload_per_s: perSecond,
    overload_share_of_peak: share,
    overload_peak_mb: peakMb,
  };
}

async function floorPhase(
  self: string,
  folder: string,
  bytes: number,
  peak: number,
  print: (line: string) => void,
): Promise<Figures> {
  const http = await httpFloor(self, bytes, PEAK_CONNECTIONS);
  const disk = diskFloor(join(folder, 'floor.db'), bytes, PEAK_CONNECTIONS);
  const alone = diskFloor(join(folder, 'floor.db'), bytes, 1);
  const share = peak / http + peak / disk;
  print(
    `floor, ${bytes} bytes each: ${http.toFixed(0)} a second to an empty handler, ${disk.toFixed(0)} durable inserts a second in groups of ${PEAK_CONNECTIONS} (${alone.toFixed(0)} one by one; an fsync takes ${fsyncMs(join(folder, 'fsync')).toFixed(2)} ms)`,
  );
  print(
    `  HTTP is ${((100 * peak) / http).toFixed(0)} % and the disk ${((100 * peak) / disk).toFixed(0)} % of the time that a contribution takes at the peak`,
  );
  return { floor_http_per_s: http, floor_disk_per_s: disk, floor_disk_single_per_s: alone, floor_share: share };
}

/** Throws unless every router has its receipt, and nobody was left without an answer. */
function refuseLosses(all: readonly boolean[], { failed }: Tally): void {
  const lost = all.filter((accepted) => !accepted).length;
  if (lost > 0) throw new Error(`${lost} routers have no receipt`);
  if (failed.size > 0)
    throw new Error(
      `requests failed without a time to come back: ${[...failed].map(([what, n]) => `${n} x ${what}`).join(', ')}`,
    );
}

/**
 * Throws unless the coordinator holds as many contributions as were acknowledged; a reply can be lost after `most` were
 * sent, a contribution cannot.
 */
async function checkCounts(
  cluster: HttpCluster,
  fleet: BenchFleet,
  acknowledged: ReadonlyMap<number, number>,
  most?: number,
): Promise<void> {
  let held = 0;
  for (const [round, count] of acknowledged) {
    // What was sent last may still be on its way through the coordinator.
    const status = await cluster.api.roundStatus(fleet.cluster, round, { waitMs: 0 }, { timeoutMs: 120_000 });
    if (!status || status.contributions < count || (most === undefined && status.contributions !== count)) {
      throw new Error(
        `round ${round} holds ${status?.contributions ?? 'no'} contributions, and ${count} were acknowledged`,
      );
    }
    held += status.contributions;
  }
  if (most !== undefined && held > most) throw new Error(`${held} contributions are held, more than were sent`);
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((percent / 100) * sorted.length))] ?? NaN;
}

function shuffled<T>(list: readonly T[]): T[] {
  const mixed = [...list];
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
  }
  return mixed;
}
