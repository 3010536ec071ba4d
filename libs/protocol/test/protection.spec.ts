/**
 * What a router's ledger is held to follows from the policy and from its own limits: the stricter one
 * (docs/protocol.md, "Privacy cost and ledger").
 */
import { ledgerBalance, unitsToRho } from '@secagg/dp-noise';
import { type ClusterPolicy } from '@secagg/schema';
import { clusterBudget, effectiveBudget, protectionStatement, type RouterLimits, worstCaseUnits } from '../src';
import { codeOf, now, plan, quietFleet, Scenario } from './support/scenario';

const limits: Parameters<typeof effectiveBudget>[0] = {
  privacyUnit: 'request',
  maxRoundRhoUnits: 70,
  budget: { units: 500, window: { days: 7 } },
};
const policy = { max_round_rho_units: 60, budget_rho_units: 400, budget_window_days: 30 } as ClusterPolicy;

describe('what binds a router', () => {
  it('is the window, unless policy and router both have single requests', () => {
    const window = { units: 400, window: { days: 30 }, protects: 'window' };
    expect(effectiveBudget(limits, policy)).toEqual(window);
    expect(effectiveBudget({ ...limits, budgetProtects: 'event' }, policy)).toEqual(window);
    expect(effectiveBudget({ ...limits, budgetProtects: 'event' }, { ...policy, budget_protects: 'window' })).toEqual(
      window,
    );
    expect(effectiveBudget(limits, { ...policy, budget_protects: 'event' })).toEqual(window);
  });

  it('is then the least of what a round may cost and the budgets', () => {
    const event = (own: Partial<RouterLimits>, theirs: Partial<ClusterPolicy>) =>
      effectiveBudget(
        { ...limits, budgetProtects: 'event', ...own },
        { ...policy, budget_protects: 'event', ...theirs },
      );
    expect(event({}, {})).toEqual({ units: 60, window: { days: 30 }, protects: 'event' });
    expect(event({ maxRoundRhoUnits: 50 }, { budget_window_days: 0 })).toEqual({
      units: 50,
      window: 'lifetime',
      protects: 'event',
    });
    expect(event({}, { budget_rho_units: 10 }).units).toBe(10);
    expect(event({ budget: { units: 5, window: 'lifetime' } }, {})).toMatchObject({ units: 5, window: 'lifetime' });
  });

  it('is always the window with unit `router`', () =>
    expect(
      effectiveBudget(
        { ...limits, privacyUnit: 'router', budgetProtects: 'event' },
        { ...policy, budget_protects: 'event' },
      ),
    ).toEqual({ units: 400, window: { days: 30 }, protects: 'window' }));

  it('is for planning what the policy says', () => {
    expect(clusterBudget(policy)).toEqual({ units: 400, window: { days: 30 }, protects: 'window' });
    expect(clusterBudget({ ...policy, budget_window_days: 0, budget_protects: 'event' })).toEqual({
      units: 60,
      window: 'lifetime',
      protects: 'event',
    });
  });

  it('is said in one sentence', () => {
    const statements = [
      protectionStatement(clusterBudget(policy), 'request'),
      protectionStatement(clusterBudget(policy), 'router'),
      protectionStatement({ window: 'lifetime' }, 'request'),
      protectionStatement({ window: { days: 30 }, protects: 'event' }, 'request'),
    ];
    expect(statements[0]).toContain('at most one from each round');
    expect(statements[0]).toContain('any 30 days');
    expect(statements[1]).toContain('Everything that a router sends');
    expect(statements[2]).not.toContain('days');
    expect(statements[3]).toContain('Any single request');
    expect(statements[3]).toMatch(/one user.*`window`/);
    for (const statement of statements) expect(statement.match(/\.( |$)/g)).toHaveLength(1);
  });
});

const noisy = { ...plan.privacy, rho: 0.1, assumedColluders: 0 };
const units = 2 ** 40 / 8;

/** A fleet whose policy has room for one round of rho 0.1 in a window. */
const fleetOf = (protects: { policy?: 'event'; router?: 'event' }) =>
  quietFleet(1, 1, 3, {
    cluster: {
      privacy_units: ['request'],
      max_round_rho_units: units,
      budget_rho_units: units,
      budget_window_days: 30,
      budget_protects: protects.policy,
    },
    limits: { budgetProtects: protects.router, budget: { units: 2 ** 50, window: { days: 30 } } },
  });

describe('rounds one after the other', () => {
  it.each([
    [{}, 'budget_exhausted'],
    [{ policy: 'event' as const }, 'budget_exhausted'],
    [{ router: 'event' as const }, 'budget_exhausted'],
    [{ policy: 'event' as const, router: 'event' as const }, undefined],
  ])('under %j', (protects, second) => {
    const fleet = fleetOf(protects);
    const [router] = fleet.routers;
    const answer = (atMs: number): void => {
      // A coordinator that plans badly on purpose: its own ledger is not asked.
      fleet.coordinator.state.ledgers.clear();
      new Scenario(fleet, { privacy: noisy }, atMs).contribute([router]);
    };
    answer(now);
    for (let round = 2; round <= 20; round++) expect(codeOf(() => answer(now + round))).toBe(second);
    const { ledger } = router.state;
    const { spentUnits, requestUnits } = ledgerBalance(
      ledger,
      effectiveBudget(router.limits, fleet.view.policy.clusters[0]),
      now,
    );
    expect(unitsToRho(requestUnits)).toBeCloseTo(0.1, 6);
    expect(spentUnits / requestUnits).toBe(second === undefined ? 20 : 1);
  });

  it('are announced for ever by a coordinator whose policy has `event`, and refused by it otherwise', () => {
    const announce = (protects: { policy?: 'event' }) => {
      const fleet = fleetOf(protects);
      new Scenario(fleet, { privacy: noisy });
      return codeOf(() => new Scenario(fleet, { privacy: noisy }));
    };
    expect(announce({})).toBe('budget_exhausted');
    expect(announce({ policy: 'event' })).toBeUndefined();
  });

  it('with a request that was charged before: only as far as the limit goes', () => {
    const fleet = fleetOf({ policy: 'event', router: 'event' });
    const [router] = fleet.routers;
    const { key, round } = new Scenario(fleet, { privacy: noisy });
    const cost = worstCaseUnits(round.verified.config);
    const checked = router.check(fleet.coordinator.open(key), now);
    const vector = new Float64Array(round.verified.dimension);
    const before = router.state.ledger;
    expect(codeOf(() => router.build(checked, vector, now, units - cost + 1))).toBe('budget_exhausted');
    expect(router.state.ledger).toBe(before);
    router.build(checked, vector, now, units - cost);
    expect([...router.state.ledger.open.values()]).toMatchObject([{ units: cost, carriedUnits: units - cost }]);
  });
});
