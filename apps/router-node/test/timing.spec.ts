/**
 * Two routers in the same rounds, one that observes much and one that observes nothing: what can be timed of them is
 * the same.
 */
import { type RewardObservation } from '@secagg/schema';
import { eventually } from '@secagg/testbed/wait';
import { readConfig } from '../src/config';
import { preparationMs } from '../src/participant/slot';
import { CoordinatorDouble } from './support/coordinator-double';
import { TestFleet } from './support/fleet';
import { NodeProcess } from './support/node-process';
import { Stopwatch } from './support/stopwatch';
import { areToldApart, shareBelow } from './support/told-apart';

jest.setTimeout(300_000);

const STORED = 20_000;
const TAKEN = 5000;
const ROUNDS = 8;
const [MEMBER, BUSY, IDLE] = ['router-0', 'router-1', 'router-2'];

const fleet = new TestFleet({ routers: 3, committee: { size: 1, threshold: 1 }, minParticipants: 1 });
const coordinator = new CoordinatorDouble(fleet);
const stopwatch = new Stopwatch();
const nodes = new Map<string, NodeProcess>();
const settings = { SECAGG_MAX_REQUESTS_PER_ROUND: String(TAKEN), SECAGG_PREPARE_MS: '2000' };
const environment = (id: string) => fleet.environment(id, coordinator.port, settings);

beforeAll(async () => {
  await coordinator.listen();
  coordinator.intercept = (request, response) => {
    stopwatch.see(request, response);
    return false;
  };
  for (const id of [MEMBER, BUSY, IDLE]) nodes.set(id, await NodeProcess.start(environment(id)));
  coordinator.startEpoch();
  await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
});
afterAll(async () => {
  await Promise.all([...nodes.values()].map((node) => node.stop('SIGKILL')));
  await coordinator.close();
  fleet.remove();
});

/** Until so many wait there. */
async function fill(id: string, observations: number): Promise<void> {
  const { client } = nodes.get(id) as NodeProcess;
  const rows: RewardObservation[] = Array.from({ length: TAKEN }, (_, i) => ({
    model: 'm1',
    task: 't1',
    success: i % 2 === 0,
    latency_s: 0.5,
  }));
  while ((await client.status()).observations.waiting < observations) await client.postObservations(rows);
}

interface Times {
  readonly gaps: Map<string, number[]>;
  readonly contributions: Map<string, number[]>;
}

/** Both routers timed in the same rounds: what else the machine does, it does to both. */
async function time(rounds: number): Promise<Times> {
  const times: Times = { gaps: new Map(), contributions: new Map() };
  const note = (kind: Map<string, number[]>, id: string, ms: number) => kind.set(id, [...(kind.get(id) ?? []), ms]);
  for (let measured = 0, tried = 0; measured < rounds && tried < 3 * rounds; tried++) {
    await fill(BUSY, STORED);
    stopwatch.reset();
    const key = coordinator.startRound({
      maxRequestsPerRouter: 100_000,
      minParticipantsPerGroup: 1,
      durationMs: 60_000,
    });
    const { accepted, verified: round } = coordinator.round(key);
    const missed = (id: string) =>
      nodes.get(id)?.log.some((line) => line.code === 'slot_missed' && line.round === round.config.round) === true;
    for (const id of [MEMBER, BUSY, IDLE])
      await eventually(`the end of ${id}'s part`, () => accepted.has(id as never) || missed(id));
    await eventually('the next polls', () => [BUSY, IDLE].every((id) => stopwatch.gap(id) !== undefined));
    if ([MEMBER, BUSY, IDLE].some(missed)) {
      coordinator.local.commit({ events: [{ type: 'round-undecided', key }], reply: undefined });
      continue;
    }
    measured += 1;
    for (const id of [BUSY, IDLE]) {
      const sent = coordinator.received.filter(({ router }) => router === id).at(-1)?.atMs ?? NaN;
      note(times.gaps, id, stopwatch.gap(id) as number);
      note(times.contributions, id, sent - (stopwatch.announced(id) as number));
    }
    await eventually('publication', () => coordinator.round(key).phase === 'published');
  }
  return times;
}

it('the time to the next poll and the time to the contribution do not tell which of two routers is busy', async () => {
  let before = [true, true];
  for (let trial = 1; ; trial++) {
    const { gaps, contributions } = await time(ROUNDS);
    expect([gaps.get(BUSY)?.length, contributions.get(IDLE)?.length]).toEqual([ROUNDS, ROUNDS]);
    const told = [gaps, contributions].map((kind) => areToldApart(kind.get(BUSY) ?? [], kind.get(IDLE) ?? []));
    before = before.map((earlier, i) => earlier && told[i]);
    // Nobody contributes before its slot, which follows from the announcement.
    const { config } = coordinator.round([...coordinator.local.state.rounds.keys()].at(-1) as string).verified;
    const leastMs = preparationMs(config, readConfig(environment(IDLE)));
    for (const ms of [...contributions.values()].flat()) expect(ms).toBeGreaterThan(leastMs - 50);
    if (!before.includes(true)) return;
    // Twice in a row for one of the two: by luck that is once in some thousand times.
    if (trial === 2) expect({ gaps: [...gaps], contributions: [...contributions] }).toBe('alike');
  }
});

it('would be told apart if they differed', () => {
  expect(areToldApart([1, 2, 3, 4, 5, 6, 7, 8], [11, 12, 13, 14, 15, 16, 17, 18])).toBe(true);
  // One that was spoilt.
  expect(areToldApart([1, 2, 3, 4, 5, 6, 7, 99], [11, 12, 13, 14, 15, 16, 17, 18])).toBe(true);
  expect(areToldApart([1, 3, 5, 7, 9, 11, 13, 15], [2, 4, 6, 8, 10, 12, 14, 16])).toBe(false);
  expect(shareBelow([1, 2], [2, 3])).toBe(0.875);
});
