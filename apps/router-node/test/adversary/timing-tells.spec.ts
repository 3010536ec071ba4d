/** A coordinator that times its routers: how busy one is shows neither in its polls nor in when it contributes. */
import { type RewardObservation, type RoundConfig } from '@secagg/schema';
import { type Attack, expectLayers, quietly } from './support/attack';
import { Refused, Siege, VICTIM } from './support/siege';
import { eventually } from '../support/coordinator-double';
import { Stopwatch } from '../support/stopwatch';
import { areToldApart } from '../support/told-apart';

jest.mock('../../../../libs/protocol/src/checks/switched-off', () =>
  jest.requireActual('../../../../libs/protocol/test/support/switched-off'),
);
jest.setTimeout(600_000);

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
  siege = await Siege.lay({}, { SECAGG_PREPARE_MS: '1500' });
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
/** One round, which the victim enters with so many observations: from its announcement to its next poll, and to its contribution. */
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

/** Whether busy rounds can be told from idle ones, in turns so that whatever else the machine does falls on both. */
async function tells(what: 'pollMs' | 'contributionMs'): Promise<boolean> {
  const [idle, busy]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    idle.push((await time(0))[what]);
    busy.push((await time(BUSY))[what]);
  }
  return areToldApart(idle, busy);
}

const attacks: Record<string, Attack> = {
  'timing the next poll': { layers: [quietly('timing.poll')], run: () => tells('pollMs') },
  'timing the contribution': { layers: [quietly('timing.slot')], run: () => tells('contributionMs') },
};

it.each(Object.entries(attacks))('%s', async (_, attack) => expectLayers(siege, attack));
