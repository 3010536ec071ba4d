/** One round of the demo, from posting observations to the verdict. */
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type RouterNodeClient } from '@secagg/client';
import { type PublishedResult, signDocument } from '@secagg/protocol';
import {
  type FederatedRewardSignal,
  operatorRequestMessage,
  type RewardObservation,
  roundConfigMessage,
  type RoundPhase,
  voteBodyMessage,
} from '@secagg/schema';
import { randomBytes } from 'node:crypto';
import { type DemoFleet } from '../fleet/demo-fleet';
import { type DemoOptions } from '../options';
import { type DemoPlan } from '../plan';
import { type DemoProcesses } from '../processes/demo-processes';
import { type Backlog } from './backlog';
import { compareSignals, type Comparison } from './compare';
import { type Dropouts } from './dropouts';
import { type ServedSignal } from './served-signal';
import { auditPublished, judge } from './verify';

export interface Demo {
  readonly options: DemoOptions;
  readonly plan: DemoPlan;
  readonly fleet: DemoFleet;
  readonly processes: DemoProcesses;
  readonly backlog: Backlog;
  readonly served: ServedSignal;
  /** Tells the person who watches. */
  readonly say: (text: string) => void;
}

export interface RoundReport {
  readonly round: number;
  readonly outcome: RoundPhase;
  /** Of an abort. */
  readonly reason?: string;
  /** An abort that follows from the options: fewer routers are left than a round needs. */
  readonly expected: boolean;
  readonly participants: readonly string[];
  /** Routers that are not in the round. */
  readonly dropped: readonly string[];
  readonly killed: readonly string[];
  readonly result?: PublishedResult;
  readonly truth?: FederatedRewardSignal;
  readonly comparison?: Comparison;
  readonly transcriptFiles: ReadonlyMap<string, Uint8Array>;
  /** Empty when everything was verified. */
  readonly problems: readonly string[];
  readonly timings: Readonly<Record<string, number>>;
}

const POST_AT_ONCE = 5000;
const SETTLE_TIMEOUT_MS = 30_000;
const FINAL: readonly RoundPhase[] = ['published', 'aborted', 'undecided'];

/** Hands rows to the routers, as their own software would. */
export async function postObservations(
  { processes, backlog }: Demo,
  rows: ReadonlyMap<string, readonly RewardObservation[]>,
  round: number,
): Promise<void> {
  await Promise.all(
    [...rows].map(async ([id, own]) => {
      const client = processes.routerClient(id);
      for (let start = 0; start < own.length; start += POST_AT_ONCE) {
        await client.postObservations(own.slice(start, start + POST_AT_ONCE), {
          idempotencyKey: `demo-${round}-${start}`,
          atomic: true,
        });
      }
      backlog.add(id, own);
    }),
  );
}

/** Waits until every router has settled its earlier rounds and holds what it was given. Throws after half a minute. */
export async function waitUntilSettled({ processes, backlog, fleet }: Demo): Promise<void> {
  await Promise.all(
    fleet.routers.map(async (id) => {
      const wanted = backlog.count(id);
      for (const deadline = Date.now() + SETTLE_TIMEOUT_MS; ; await pause(100)) {
        const { observations, coordinator } = await processes.routerClient(id).status();
        if (observations.taken === 0 && observations.waiting === wanted && coordinator.reachable) return;
        if (Date.now() > deadline)
          throw new Error(
            `${id} holds ${observations.waiting} observations and ${observations.taken} in rounds, instead of ${wanted}\n${processes.router(id).lastLines()}`,
          );
      }
    }),
  );
}

export async function runRound(demo: Demo, dropouts: Dropouts): Promise<RoundReport> {
  const { processes, fleet, options, say } = demo;
  const client = processes.coordinatorClient();
  const announcedAt = Date.now();
  const opened = await client.startRound(fleet.cluster, signStart(demo));
  const { round } = roundConfigMessage.decode(opened.announcement.body);
  say(`round ${round} announced`);
  await killAfterAnnouncement(demo, dropouts);
  const collected = await leave(demo, round, 'collecting');
  const closedAt = Date.now();
  say(`closed with ${collected.contributions} contributions`);
  const status = await final(demo, round);
  const finishedAt = Date.now();
  for (const id of dropouts.beforeAnswer) {
    await Promise.race([processes.router(id).waitForEnd(), pause(2000)]);
    say(
      `${id} ${processes.router(id).isRunning ? 'was not asked for an answer, and lives' : 'died between its vote and its answer'}`,
    );
  }
  const killed = [
    ...dropouts.afterAnnouncement,
    ...dropouts.beforeAnswer.filter((id) => !processes.router(id).isRunning),
  ].sort();
  const timings = { announced_to_closed_ms: closedAt - announcedAt, closed_to_result_ms: finishedAt - closedAt };
  const expected = fleet.routers.length - dropouts.afterAnnouncement.length < options.minParticipants;
  const base = {
    round,
    outcome: status.phase,
    expected: false,
    participants: [],
    dropped: [...fleet.routers],
    killed,
    transcriptFiles: new Map(),
    problems: [],
    timings,
  };
  if (status.phase === 'undecided')
    return { ...base, problems: ['too few committee members answered: the round is undecided'] };
  const transcript = await client.transcript(fleet.cluster, round);
  const { files, result, problems: auditProblems } = auditPublished(fleet.authority.publicKey, transcript);
  if (status.phase === 'aborted' || !result) {
    const body = voteBodyMessage.decode(transcript.decision.body);
    const reason = body.kind === 'abort' ? body.reason : undefined;
    const asExpected = expected && auditProblems.length === 0 && reason === 'insufficient_participants';
    const problems = [
      ...auditProblems,
      ...(status.phase === 'aborted' && !asExpected ? [`the round was aborted: ${reason}`] : []),
    ];
    return {
      ...base,
      transcriptFiles: files,
      problems,
      ...(reason === undefined ? {} : { reason }),
      expected: asExpected,
    };
  }
  const { participants } = result;
  const truth = demo.backlog.take(participants, {
    aggregation_round: round,
    cluster_hash: fleet.cluster,
    timestamp: result.signal.timestamp,
  });
  const comparison = compareSignals(result, truth, demo.plan.resolution);
  const served = demo.served.after(result.signal);
  const others = [...(await coordinatorDisagrees(demo, served)), ...(await routersThatDisagree(demo, round, served))];
  return {
    ...base,
    participants,
    dropped: fleet.routers.filter((id) => !participants.includes(id)),
    result,
    truth,
    comparison,
    transcriptFiles: files,
    problems: [...auditProblems, ...judge(comparison, !options.unsafeNoNoise), ...others],
    timings: { ...timings, result_to_verified_by_all_ms: Date.now() - finishedAt },
  };
}

/**
 * All routers prepare at the same time on one machine, and those that are not ready by their time sit the round out: a
 * machine on which the processes took long to start is given longer.
 */
function signStart({ fleet, plan, processes }: Demo) {
  const longerMs = Math.max(0, Math.ceil(processes.startedInMs / 2) - plan.sendDelayMs);
  const request = {
    v: 1 as const,
    fleet: fleet.authority.fleet,
    operator: fleet.operator.id,
    nonce: new Uint8Array(randomBytes(16)),
    issued_at_ms: Date.now(),
    action: 'start-round' as const,
    cluster: fleet.cluster,
    overrides: { send_delay_ms: plan.sendDelayMs + longerMs, duration_ms: plan.durationMs + longerMs },
  };
  return signDocument(operatorRequestMessage, fleet.authority.fleet, request, fleet.operator.secretKey);
}

/** Routers hold back what they have prepared until the round's sending slot, and this is well before it. */
async function killAfterAnnouncement({ processes, say }: Demo, { afterAnnouncement }: Dropouts): Promise<void> {
  if (afterAnnouncement.length === 0) return;
  await pause(300);
  await Promise.all(afterAnnouncement.map((id) => processes.router(id).kill()));
  say(`killed ${[...afterAnnouncement].sort().join(', ')}`);
}

async function leave({ processes, fleet, plan }: Demo, round: number, phase: RoundPhase) {
  for (const deadline = Date.now() + plan.durationMs + processes.startedInMs + 60_000; ; ) {
    const status = await processes.coordinatorClient().roundStatus(fleet.cluster, round, { waitMs: 10_000, phase });
    if (status && status.phase !== phase) return status;
    if (Date.now() > deadline)
      throw new Error(`round ${round} does not leave phase ${phase}\n${processes.coordinator.lastLines()}`);
  }
}

async function final({ processes, fleet }: Demo, round: number) {
  for (const deadline = Date.now() + 120_000; ; ) {
    const status = await processes.coordinatorClient().roundStatus(fleet.cluster, round, { waitMs: 10_000 });
    if (status && FINAL.includes(status.phase)) return status;
    if (Date.now() > deadline)
      throw new Error(`round ${round} is not over: ${status?.phase}\n${processes.coordinator.lastLines()}`);
  }
}

async function coordinatorDisagrees({ processes, fleet }: Demo, served: FederatedRewardSignal): Promise<string[]> {
  const stated = await processes.coordinatorClient().signal(fleet.cluster);
  return isDeepStrictEqual(stated?.signal, served)
    ? []
    : ['the coordinator states another result than the one that follows from its transcript'];
}

/** Every router that runs verifies the round itself; all must arrive at this result. */
async function routersThatDisagree(
  { processes, fleet }: Demo,
  round: number,
  served: FederatedRewardSignal,
): Promise<string[]> {
  const checked = await Promise.all(
    fleet.routers
      .filter((id) => processes.router(id).isRunning)
      .map(async (id) => {
        for (const deadline = Date.now() + SETTLE_TIMEOUT_MS; Date.now() < deadline; await pause(50)) {
          if (!(await hasSettled(processes.routerClient(id), round))) continue;
          const own = await processes.routerClient(id).signal();
          if (own && own.signal.aggregation_round >= served.aggregation_round)
            return isDeepStrictEqual(own.signal, served) ? [] : [`${id} has verified another result`];
        }
        return [`${id} has not verified the result`];
      }),
  );
  return checked.flat();
}

/** One that has not taken part has nothing to settle. */
async function hasSettled(router: RouterNodeClient, round: number): Promise<boolean> {
  const own = (await router.status()).participations.find((each) => each.round === round);
  return own === undefined || own.state === 'included' || own.state === 'left_out';
}
