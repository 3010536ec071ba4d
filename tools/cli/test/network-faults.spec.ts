/**
 * Whole rounds over a network that loses, doubles, delays and truncates, behind proxies that cut long polls off, and
 * with clocks that are wrong.
 */
import { writeFileSync } from 'node:fs';
import { FaultyProxy } from './support/faulty-proxy';
import { TrialFleet } from './support/trial-fleet';

jest.setTimeout(300_000);

const ids = ['router-0', 'router-1', 'router-2', 'router-3'];
const plan = { minParticipantsPerGroup: 2, maxParticipants: 4, privacy: { rho: 'unsafe-none' } };
const noNoise = { SECAGG_UNSAFE_NO_NOISE: 'true' };
const policy = [
  '--committee',
  '4',
  '--threshold',
  '2',
  '--min-participants',
  '2',
  '--assumed-colluders',
  '0',
  '--unsafe-no-noise',
];

let fleet: TrialFleet;
afterEach(() => fleet.remove());

const result = async (round: number): Promise<number> => {
  const { signal } = (await fleet.secagg(
    'round',
    'result',
    fleet.origin,
    '--cluster',
    fleet.cluster,
    '--round',
    String(round),
    '--authority',
    'fleet/authority.pub',
  )) as {
    signal: { reward_signals: Record<string, { total_samples: number }> };
  };
  return signal.reward_signals['m:chat'].total_samples;
};

it('a network that loses, doubles, delays and truncates a third of all requests, and a proxy that cuts polls off after two seconds', async () => {
  fleet = new TrialFleet(ids);
  await fleet.create(policy);
  await fleet.sealOperator();
  const { url } = await fleet.startCoordinator(plan, {
    timings: { reportGraceMs: 8000, answerGraceMs: 8000, proposalTimeoutMs: 60_000 },
  });
  const proxy = new FaultyProxy(url, { seed: 7, share: 1 / 3, idleMs: 2000 });
  const faulty = await proxy.listen();
  try {
    await Promise.all(ids.map((id) => fleet.startNode(id, noNoise, faulty)));
    await fleet.startEpoch();
    for (let round = 1; round <= 3; round++) {
      for (const [i, id] of ids.entries()) await fleet.observe(id, 10 * round + i);
      expect(await fleet.startRound(30_000)).toBe(round);
      expect(await fleet.outcome(round)).toMatchObject({ phase: 'published', contributions: 4 });
      for (const id of ids) await fleet.settled(id, round);
      expect(await result(round)).toBe(40 * round + 6);
    }
    for (const id of ids) {
      const { observations, receipts_not_honoured, participations } = await fleet.status(id);
      expect({ observations, receipts_not_honoured }).toEqual({
        observations: { waiting: 0, taken: 0 },
        receipts_not_honoured: [],
      });
      expect(participations.map(({ state }) => state)).toEqual(['included', 'included', 'included']);
    }
    for (const fault of ['lost-request', 'lost-response', 'doubled', 'late', 'truncated', 'bad-gateway'] as const)
      expect(proxy.counts.get(fault)).toBeGreaterThan(0);
  } finally {
    await proxy.close();
  }
});

it('clocks that are wrong by less than the tolerance take part and are in time; one beyond it is told why, and holds up nobody', async () => {
  fleet = new TrialFleet([...ids, 'router-4']);
  await fleet.create([...policy, '--clock-tolerance-s', '300']);
  writeFileSync(
    fleet.at('shift.cjs'),
    'const off = Number(process.env.CLOCK_OFF_MS); const now = Date.now; Date.now = () => now() + off;',
  );
  const shifted = (offMs: number) => ({
    ...noNoise,
    NODE_OPTIONS: `--require ${fleet.at('shift.cjs')}`,
    CLOCK_OFF_MS: String(offMs),
  });
  await fleet.startCoordinator({ ...plan, maxParticipants: 5 });
  // The last one is no candidate: an epoch takes the signatures of all of its members.
  const offsets = [240_000, -240_000, 0, 0, 600_000];
  await Promise.all(fleet.ids.map((id, i) => fleet.startNode(id, shifted(offsets[i]))));
  await fleet.startEpoch();
  for (const [i, id] of fleet.ids.entries()) await fleet.observe(id, 10 + i);
  const round = await fleet.startRound(8000);
  expect(await fleet.outcome(round)).toMatchObject({ phase: 'published', contributions: 4 });
  for (const id of ids) await fleet.settled(id, round);
  expect(await result(round)).toBe(46);
  const wrong = await fleet.status('router-4');
  expect(wrong.last_refusal).toMatchObject({
    round,
    code: 'policy',
    problem: expect.stringContaining('too far from this clock') as unknown,
  });
  expect(wrong.observations).toEqual({ waiting: 14, taken: 0 });
});
