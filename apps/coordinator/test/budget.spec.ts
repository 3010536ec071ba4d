/**
 * The coordinator's own ledger: rounds planned from what is left, refused early, and charged once whenever it is
 * killed.
 */
import { rhoToEpsilon, unitsToRho } from '@secagg/dp-noise';
import { defaultFields, type OpenRound, type SecaggError } from '@secagg/schema';
import { until } from '@secagg/testbed/wait';
import { pino } from 'pino';
import { request } from 'undici';
import { keys, TestFleet } from './support/fleet';
import { Running } from './support/in-process';
import { HttpMember, HttpRouter, operatorRequest } from './support/parties';
import { CoordinatorProcess } from './support/process';

jest.setTimeout(120_000);

const DAY_MS = 86_400_000;
const committee = { size: 4, threshold: 2 };

interface BudgetFigures {
  protects: string;
  protected: string;
  warnings: string[];
  rho: Record<'budget' | 'spent' | 'open' | 'request' | 'remaining', number>;
  epsilon: Record<'spent' | 'remaining', number>;
  rounds: number;
  next_round_rho: number | null;
  refusal: { code: string; available_at: string } | null;
}

const budgetOf = async (origin: string, fleet: TestFleet): Promise<BudgetFigures> =>
  (await (await request(`${origin}/v1/clusters/${fleet.cluster}/budget`)).body.json()) as BudgetFigures;

const startRequest = (fleet: TestFleet, overrides: object = {}) =>
  operatorRequest(fleet, fleet.operator, { action: 'start-round', cluster: fleet.cluster, overrides });

const contributeAll = (
  coordinator: Pick<Running, 'client'>,
  fleet: TestFleet,
  open: OpenRound,
  routers = 4,
): Promise<unknown> =>
  Promise.all(
    fleet.routers.slice(0, routers).map((identity) => {
      const router = new HttpRouter(fleet.view, identity);
      return router.send(coordinator.client, open, router.build(open, 10));
    }),
  );

describe('a budget over two rounds', () => {
  const fleet = new TestFleet({
    routers: 4,
    committee,
    policy: { budget_rho_units: 2 ** 38, budget_window_days: 2, min_assumed_colluders: 1 },
  });
  const plan = {
    privacy: { allocation: { kind: 'horizon', rounds: 2 } },
    minParticipantsPerGroup: 3,
    durationMs: 20_000,
  };
  let running: Running;

  beforeAll(async () => {
    running = await Running.start(fleet, fleet.config({}, plan));
    running.startCommittee(4);
    await running.epochInForce();
  });
  afterAll(() => running.stop());

  it('has a plan that anybody may see before a round', async () => {
    const catalogue = await running.client.catalogue(fleet.cluster);
    expect(await running.client.latestRound(fleet.cluster)).toBeUndefined();
    expect(catalogue).toEqual({ cluster: fleet.cluster, keys: [...keys].sort(), fields: defaultFields() });
    expect(await running.client.catalogue('ab'.repeat(16))).toBeUndefined();
  });

  it('is spread over them, and the next one is refused with the date, counted and shown', async () => {
    const { client } = running;
    const spent: number[] = [];
    for (const round of [1, 2]) {
      const { rho, next_round_rho } = await budgetOf(running.origin, fleet);
      expect(next_round_rho).toBeCloseTo(rho.remaining / (3 - round), 9);
      await contributeAll(running, fleet, await client.startRound(fleet.cluster, startRequest(fleet)));
      await client.roundStatus(fleet.cluster, round, { waitMs: 20_000 });
      await until(async () => (await client.signal(fleet.cluster))?.signal.aggregation_round === round);
      // Charged for h = 2 (3 less the colluder that the policy asks for), corrected to 4 less 1.
      spent.push(((next_round_rho as number) * 2) / 3);
      const after = await budgetOf(running.origin, fleet);
      expect(after).toMatchObject({ rounds: round, rho: { open: 0 } });
      expect(after.rho.spent / spent.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 3);
      expect((await client.signal(fleet.cluster))?.privacy.rho).toBeCloseTo(spent[round - 1], 4);
    }
    const before = Math.floor(Date.now() / DAY_MS);
    const refused = await client
      .startRound(fleet.cluster, startRequest(fleet))
      .catch((error: unknown) => error as SecaggError);
    const availableAt = (before + 3) * DAY_MS;
    expect(refused).toMatchObject({ code: 'budget_exhausted', details: { availableAtMs: availableAt } });
    expect((refused as SecaggError).message).toContain(new Date(availableAt).toISOString());

    const { rho, epsilon, refusal } = await budgetOf(running.origin, fleet);
    expect(refusal).toEqual({ code: 'budget_exhausted', available_at: new Date(availableAt).toISOString() });
    expect(epsilon.spent).toBe(rhoToEpsilon(rho.spent, 1e-6));
    const text = await (await request(`${running.origin}/metrics`)).body.text();
    const gauge = (name: string) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
    const cluster = `\\{cluster="${fleet.cluster}"\\}`;
    expect(gauge(`secure_agg_privacy_budget_spent_epsilon${cluster}`)).toBeCloseTo(epsilon.spent, 9);
    expect(gauge(`secure_agg_privacy_budget_remaining_epsilon${cluster}`)).toBeCloseTo(epsilon.remaining, 9);
    expect(gauge('secure_agg_failures_total\\{reason="budget_exhausted"\\}')).toBe(1);
  });

  it('refuses a round that costs more than is left, whatever the operator asks for', async () => {
    const tooDear = startRequest(fleet, { rho_units: 2 ** 38 });
    await expect(running.client.startRound(fleet.cluster, tooDear)).rejects.toMatchObject({ code: 'budget_exhausted' });
  });
});

describe('what the budget is held to', () => {
  const rho = 0.05;
  const trigger = { kind: 'interval', everyMs: 86_400_000 };
  const units = Math.floor(rho * 2 ** 40) + 1;

  /** A policy with room for one round of the plan in its window. */
  async function startedWith(policy: object): Promise<{ running: Running; fleet: TestFleet; logged: () => string }> {
    const fleet = new TestFleet({
      routers: 4,
      committee: { size: 1, threshold: 1 },
      policy: { budget_rho_units: units, max_round_rho_units: units, ...policy },
    });
    const lines: string[] = [];
    const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    const plan = { privacy: { rho }, minParticipantsPerGroup: 2, durationMs: 20_000, trigger };
    const running = await Running.start(fleet, fleet.config({}, plan), { logger });
    running.startCommittee(1);
    await until(async () => (await running.client.latestRound(fleet.cluster)) !== undefined);
    await contributeAll(
      running,
      fleet,
      (await running.client.openRound(fleet.cluster, { after: 0, router: 'router-0', waitMs: 10_000 })) as OpenRound,
    );
    await running.client.roundStatus(fleet.cluster, 1, { waitMs: 20_000 });
    return { running, fleet, logged: () => lines.join('') };
  }

  it('is the window where nothing else is said: the schedule is warned of at the start, and the next round refused', async () => {
    const { running, fleet, logged } = await startedWith({});
    try {
      expect(logged()).toContain('the rounds of a cluster do not fit the fleet policy');
      const { protects, protected: what, warnings, rho: figures, refusal } = await budgetOf(running.origin, fleet);
      expect(protects).toBe('window');
      expect(what).toContain('at most one from each round');
      expect(warnings).toEqual([expect.stringMatching(/does not fit .* room for/)]);
      expect(logged()).toContain(JSON.stringify(warnings[0]).slice(1, -1));
      // Four contributed, and two is the minimum.
      expect(figures.request).toBeCloseTo(rho / 2, 4);
      expect(figures.spent).toBe(figures.request);
      // What is left does not pay for a whole round, which the plan's fixed cost would be.
      expect(refusal).toMatchObject({ code: 'budget_exhausted', available_at: expect.any(String) as string });
      await expect(
        running.client.startRound(
          fleet.cluster,
          operatorRequest(fleet, fleet.operator, { action: 'start-round', cluster: fleet.cluster, force: true }),
        ),
      ).rejects.toMatchObject({ code: 'budget_exhausted' });
    } finally {
      await running.stop();
    }
  });

  it('is single requests under `event`: rounds go on beyond the sum, and both figures are shown', async () => {
    const { running, fleet, logged } = await startedWith({ privacy_units: ['request'], budget_protects: 'event' });
    try {
      expect(logged()).not.toContain('do not fit');
      for (let round = 2; round <= 4; round++) {
        await contributeAll(running, fleet, await running.client.startRound(fleet.cluster, startRequest(fleet)));
        await running.client.roundStatus(fleet.cluster, round, { waitMs: 20_000 });
      }
      const {
        protects,
        protected: what,
        warnings,
        rho: figures,
        refusal,
        rounds,
      } = await budgetOf(running.origin, fleet);
      expect({ protects, warnings, refusal, rounds }).toEqual({
        protects: 'event',
        warnings: [],
        refusal: null,
        rounds: 4,
      });
      expect(what).toContain('Any single request');
      expect(figures.spent / figures.request).toBeCloseTo(4, 3);
      expect(figures.spent).toBeGreaterThan(figures.budget);
      expect(figures.remaining).toBe(figures.budget);
      const metrics = await (await request(`${running.origin}/metrics`)).body.text();
      expect(metrics).toMatch(/^secure_agg_privacy_protects\{cluster="[0-9a-f]+",protection="event"\} 1$/m);
      expect(metrics).toMatch(/^secure_agg_privacy_request_epsilon\{cluster="[0-9a-f]+"\} [1-9.]\d*/m);
    } finally {
      await running.stop();
    }
  });
});

describe('the ledger of a coordinator that is killed', () => {
  const fleet = new TestFleet({ routers: 4, committee });
  const units = 2 ** 34;
  const config = fleet.config({}, { privacy: { rho: unitsToRho(units) }, durationMs: 20_000 });
  const members = fleet.routers.map((identity) => new HttpMember(fleet.view, identity));
  let coordinator: CoordinatorProcess;
  let serving: Promise<void>[] = [];
  let rounds = 0;
  let settled = 0;

  beforeAll(async () => {
    coordinator = await CoordinatorProcess.start(fleet, config);
    serving = members.map((member) => member.serve(() => coordinator.origin));
    await until(async () => (await coordinator.client.currentEpoch()) !== undefined);
  });
  afterAll(async () => {
    for (const member of members) member.stop();
    await Promise.all(serving);
    await coordinator.kill();
  });

  const dieAt = async (failpoint: string): Promise<CoordinatorProcess> => {
    // A round whose transcript is not written yet would be finished at the start, and die there.
    if (rounds > 0) await coordinator.client.transcript(fleet.cluster, rounds);
    await coordinator.kill();
    coordinator = await CoordinatorProcess.start(fleet, config, { SECAGG_UNSAFE_CRASH_AT: failpoint });
    return coordinator;
  };
  const restarted = async (dying: CoordinatorProcess): Promise<BudgetFigures> => {
    expect(await dying.ended()).toEqual({ code: null, signal: 'SIGKILL' });
    coordinator = await CoordinatorProcess.start(fleet, config);
    return budgetOf(coordinator.origin, fleet);
  };
  /**
   * Nothing is open, and every published round has cost what four contributions cost: a third of what two do, one of
   * them a colluder's.
   */
  const expectSettled = async () => {
    const { rho, rounds: charged } = await budgetOf(coordinator.origin, fleet);
    expect({ open: rho.open, charged }).toEqual({ open: 0, charged: settled });
    expect(rho.spent / (settled * unitsToRho(units / 3))).toBeCloseTo(1, 4);
  };
  const openRound = async (): Promise<OpenRound> => {
    const open = await coordinator.client.openRound(fleet.cluster, {
      after: rounds,
      router: 'router-0',
      waitMs: 10_000,
    });
    if (!open) throw new Error('the round is not open');
    return open;
  };
  const complete = async (open: OpenRound) => {
    rounds += 1;
    settled += 1;
    await contributeAll(coordinator, fleet, open);
    expect(await coordinator.client.roundStatus(fleet.cluster, rounds, { waitMs: 20_000 })).toMatchObject({
      phase: 'published',
    });
  };

  it.each([
    ['before-durable:round-announced', 0],
    ['in-durable:round-announced', 0],
    ['after-durable:round-announced', 1],
    ['before-reply:post-round', 1],
  ])('is charged with the announcement, not before it is durable and never twice: %s', async (failpoint, charged) => {
    const dying = await dieAt(failpoint);
    await coordinator.client.startRound(fleet.cluster, startRequest(fleet)).catch(() => undefined);
    const { rho, rounds: counted } = await restarted(dying);
    expect({ counted, open: rho.open > 0 }).toEqual({ counted: settled + charged, open: charged === 1 });
    await complete(
      charged === 1 ? await openRound() : await coordinator.client.startRound(fleet.cluster, startRequest(fleet)),
    );
    await expectSettled();
  });

  it.each([
    'before-durable:vote-received#3',
    'in-durable:vote-received#3',
    'after-durable:vote-received#3',
    'before-durable:round-published',
    'after-durable:finish-round',
  ])('is corrected once: %s', async (failpoint) => {
    const dying = await dieAt(failpoint);
    const open = await coordinator.client.startRound(fleet.cluster, startRequest(fleet));
    await contributeAll(coordinator, fleet, open);
    const { rounds: counted } = await restarted(dying);
    expect(counted).toBe(settled + 1);
    rounds += 1;
    settled += 1;
    expect(await coordinator.client.roundStatus(fleet.cluster, rounds, { waitMs: 20_000 })).toMatchObject({
      phase: 'published',
    });
    await expectSettled();
  });

  it.each(['in-durable:abort-proposed', 'in-durable:vote-received#3', 'after-durable:vote-received#3'])(
    'is given back once, on an abort: %s',
    async (failpoint) => {
      const dying = await dieAt(failpoint);
      await coordinator.client.startRound(fleet.cluster, startRequest(fleet, { duration_ms: 300 }));
      rounds += 1;
      await restarted(dying);
      expect(await coordinator.client.roundStatus(fleet.cluster, rounds, { waitMs: 20_000 })).toMatchObject({
        phase: 'aborted',
      });
      await expectSettled();
    },
  );
});
