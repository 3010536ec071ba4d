/**
 * Routers killed at every step of a charge, its correction and its release: never less charged than was sent, never
 * twice for a round.
 */
import { roundCost, worstCaseRho } from '@secagg/protocol';
import { eventually } from '@secagg/testbed/wait';
import { CoordinatorDouble } from './support/coordinator-double';
import { TestFleet } from './support/fleet';
import { NodeProcess } from './support/node-process';

jest.setTimeout(180_000);

const around = (event: string): string[] => [
  `before-durable:${event}`,
  `in-durable:${event}`,
  `after-durable:${event}`,
];
const points = [
  ...around('contribution-prepared'),
  'before-send:contribution',
  'after-send:contribution',
  'in-durable:receipt-received',
  ...around('round-settled'),
];
const ids = points.map((_, i) => `router-${i + 1}`);

const fleet = new TestFleet({ routers: points.length + 1, committee: { size: 1, threshold: 1 }, minParticipants: 1 });
const coordinator = new CoordinatorDouble(fleet, {
  reportGraceMs: 60_000,
  answerGraceMs: 60_000,
  proposalTimeoutMs: 60_000,
  undecidedTimeoutMs: 60_000,
});
const nodes = new Map<string, NodeProcess>();
const noisy = {
  privacy: { unit: 'request' as const, rho: 0.05, deltaInverse: 1_000_000 },
  minParticipantsPerGroup: 1,
};

const start = async (id: string, crashAt = ''): Promise<void> => {
  const limits = {
    SECAGG_UNSAFE_NO_NOISE: 'false',
    SECAGG_BUDGET_RHO: '1',
    SECAGG_MAX_ROUND_RHO: '0.06',
    SECAGG_UNSAFE_CRASH_AT: crashAt,
    // Twelve nodes start at once.
    SECAGG_PREPARE_MS: '5000',
  };
  nodes.set(id, await NodeProcess.start(fleet.environment(id, coordinator.port, limits)));
};
const nodeOf = (id: string): NodeProcess => nodes.get(id) as NodeProcess;

beforeAll(() => coordinator.listen());
afterAll(async () => {
  await Promise.all([...nodes.values()].map((node) => node.stop('SIGKILL')));
  await coordinator.close();
  fleet.remove();
});

/** Changes of the ledger that are about a round, oldest first. */
const historyOf = async (id: string, round: number) =>
  (await nodeOf(id).client.budgetHistory()).entries
    .filter((entry) => entry.round === round)
    .map(({ kind, rho }) => ({ kind, rho }))
    .reverse();

const ledgerOf = async (id: string) => {
  const { privacy } = await nodeOf(id).client.status();
  if (!privacy) throw new Error('no ledger');
  return privacy;
};

/** Restarts the router when it has been killed, and looks at its ledger before anything else can happen to it. */
async function survive(id: string, key: string): Promise<void> {
  const { config } = coordinator.round(key).verified;
  await eventually(`the crash of ${id}`, () => nodeOf(id).exit !== undefined, 60_000);
  expect(nodeOf(id).exit?.signal).toBe('SIGKILL');
  const sent = coordinator.received.some(({ router }) => router === id);
  await start(id);
  const charges = (await historyOf(id, config.round)).filter(({ kind }) => kind === 'charged');
  if (sent) expect(charges).toEqual([{ kind: 'charged', rho: worstCaseRho(config) }]);
  else expect(charges.length).toBeLessThanOrEqual(1);
}

it('is charged once before it sends, corrected once, and gets a charge back once', async () => {
  await start('router-0');
  await Promise.all(ids.map((id, i) => start(id, points[i])));
  coordinator.startEpoch();
  await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);

  // It closes when it has all of them: also those that were killed before anything was durable, and join it again.
  const opened = coordinator.startRound({ ...noisy, durationMs: 90_000 });
  await Promise.all(ids.map((id) => survive(id, opened)));
  await eventually('publication', () => coordinator.round(opened).phase === 'published');
  const { verified: round, accepted } = coordinator.round(opened);
  const cost = roundCost(round.config, [accepted.size]).rho;
  expect(accepted.size).toBe(points.length + 1);
  for (const id of ids) {
    await eventually(`${id} has settled`, async () => (await historyOf(id, 1)).length === 2);
    expect(await historyOf(id, 1)).toEqual([
      { kind: 'charged', rho: worstCaseRho(round.config) },
      { kind: 'corrected', rho: cost },
    ]);
    expect(await ledgerOf(id)).toMatchObject({ spent_rho: cost, open_rho: 0 });
  }

  const releasing = ids.slice(0, 3);
  await Promise.all(
    releasing.map(async (id, i) => {
      await nodeOf(id).stop('SIGKILL');
      await start(id, around('round-settled')[i]);
    }),
  );
  coordinator.intercept = (request, response) =>
    request.url?.endsWith('/contributions') ? response.writeHead(503).end() !== undefined : false;
  const aborted = coordinator.startRound({ ...noisy, durationMs: 12_000 });
  await eventually('everybody is charged', async () =>
    (await Promise.all(releasing.map((id) => historyOf(id, 2)))).every((history) => history.length === 1),
  );
  for (const id of releasing)
    expect((await ledgerOf(id)).open_rho).toBe(worstCaseRho(coordinator.round(aborted).verified.config));
  await eventually('the abort', () => coordinator.round(aborted).phase === 'aborted');
  coordinator.intercept = () => false;
  await Promise.all(releasing.map((id) => survive(id, aborted)));
  for (const id of releasing) {
    await eventually(`${id} has settled`, async () => (await historyOf(id, 2)).length === 2);
    expect(await historyOf(id, 2)).toEqual([
      { kind: 'charged', rho: worstCaseRho(coordinator.round(aborted).verified.config) },
      { kind: 'released', rho: null },
    ]);
    expect(await ledgerOf(id)).toMatchObject({ spent_rho: cost, open_rho: 0 });
  }
});
