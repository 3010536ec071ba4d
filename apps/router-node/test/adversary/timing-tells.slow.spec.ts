/** A coordinator that times its routers: how busy one is shows neither in its polls nor in when it contributes. */
import './support/without-checks';
import { type RewardObservation, type RoundConfig } from '@secagg/schema';
import { eventually } from '@secagg/testbed/wait';
import { Refused, Siege, VICTIM } from './support/siege';
import { Stopwatch } from '../support/stopwatch';
import { areToldApart } from '../support/told-apart';

jest.setTimeout(1_200_000);

/** As many as a round takes. */
const BUSY = 10_000;
const ROUNDS = 8;

let siege: Siege;
let fair: RoundConfig;
let epoch: Parameters<Siege['offer']>[1];
const stopwatch = new Stopwatch();
/** When the victim's latest contribution began to arrive. */
let contributedMs: number | undefined;

beforeAll(async () => {
  siege = await Siege.lay({}, { SECAGG_PREPARE_MS: '500' });
  const round = await siege.openRound({ maxRequestsPerRouter: BUSY });
  fair = round.config;
  epoch = round.epoch.certificate;
  siege.giveUpRounds();
  siege.answer = (url, request, response) => {
    stopwatch.see(request, response);
    if (url.pathname.endsWith('/contributions')) contributedMs ??= performance.now();
    return false;
  };
});
afterAll(() => siege.lift());

const rows: RewardObservation[] = Array.from({ length: BUSY }, () => ({
  model: 'm1',
  task: 't1',
  success: true,
  latency_s: 1,
}));

let number = 100;
/**
 * One round, which the victim enters with so many observations: from its announcement to its next poll, and to its
 * contribution.
 */
async function time(observations: number): Promise<{ pollMs: number; contributionMs: number }> {
  const { client } = siege.node(VICTIM);
  const waiting = async () => (await client.status()).observations.waiting;
  if (observations > (await waiting())) await client.postObservations(rows.slice(0, observations));
  await eventually('its observations', async () => (await waiting()) === observations);
  stopwatch.reset();
  contributedMs = undefined;
  const now = Date.now();
  const config = { ...fair, round: (number += 1), round_time_ms: now, send_from_ms: now, deadline_ms: now + 60_000 };
  try {
    await siege.offer(config as RoundConfig, epoch);
  } catch (error) {
    // The machine is too busy for the victim to be ready in time: once more.
    if (error instanceof Refused && error.line.code === 'slot_missed') return time(observations);
    throw error;
  }
  await eventually('the next poll', () => stopwatch.gap(VICTIM) !== undefined);
  const announcedMs = stopwatch.announced(VICTIM) as number;
  return {
    pollMs: stopwatch.gap(VICTIM) as number,
    contributionMs: (contributedMs as unknown as number) - announcedMs,
  };
}

type Times = Awaited<ReturnType<typeof time>>;
interface Told {
  readonly poll: boolean;
  readonly contribution: boolean;
}

/** Whether busy rounds can be told from idle ones, in turns so that whatever else the machine does falls on both. */
async function toldOnce(): Promise<Told> {
  const [idle, busy]: [Times[], Times[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    idle.push(await time(0));
    busy.push(await time(BUSY));
  }
  const told = (what: keyof Times) =>
    areToldApart(
      idle.map((times) => times[what]),
      busy.map((times) => times[what]),
    );
  return { poll: told('pollMs'), contribution: told('contributionMs') };
}

/** In two sets of rounds, one after the other: by luck that is once in some thousand times. */
async function told(checksOff: readonly string[]): Promise<Told> {
  siege.switchOff(checksOff);
  const first = await toldOnce();
  if (!first.poll && !first.contribution) return first;
  const second = await toldOnce();
  return { poll: first.poll && second.poll, contribution: first.contribution && second.contribution };
}

it('times the next poll and the contribution in vain, unless the check of each is taken away', async () => {
  expect(await told([])).toEqual({ poll: false, contribution: false });
  expect(await told(['timing.poll'])).toMatchObject({ poll: true });
  expect(await told(['timing.slot'])).toMatchObject({ contribution: true });
});
