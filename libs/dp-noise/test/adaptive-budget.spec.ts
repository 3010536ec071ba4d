/** 10,000 rounds, each planned from what the rounds before it left, against the filter. */
import {
  allocateRound,
  applyLedgerEvent,
  costOfRound,
  costOfSum,
  decideCharge,
  decideCorrection,
  decideRelease,
  emptyLedger,
  ledgerBalance,
  planNoise,
  rhoToBudgetUnits,
  epsilonToRho,
  type Allocation,
  type Budget,
  type LedgerState,
} from '../src';

const ROUNDS = 10_000;
const sensitivity = 1000;
const dimension = 20;
const budget: Budget = { units: rhoToBudgetUnits(epsilonToRho(8, 1e-6)), window: 'lifetime' };

/** A deterministic stream of numbers in [0, 1), for the adversary's whims. */
function whims(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Run {
  state: LedgerState;
  actualUnits: number;
  refused: number;
  highestSpent: number;
}

/** Outcomes: most rounds complete with some number of contributions, some abort, some never say. */
function run(
  allocation: Allocation,
  minimum: number,
  contributors: (whim: number) => number,
  outcome: (whim: number) => 'completed' | 'aborted' | 'unknown',
  expectedShare: number,
): Run {
  const whim = whims(42);
  let state = emptyLedger();
  let [actualUnits, refused, highestSpent] = [0, 0, 0];
  for (let round = 1; round <= ROUNDS; round++) {
    const units = allocateRound(allocation, ledgerBalance(state, budget, 0), expectedShare);
    if (units === 0) {
      refused += 1;
      continue;
    }
    const { shareVariance, worstCase } = planNoise({ units, sensitivity, honestQuorum: minimum, dimension });
    const key = { cluster: `cluster-${round % 3}`, round, configHash: `${round}` };
    const decision = decideCharge(state, budget, { ...key, units: worstCase.units }, 0);
    if (decision.outcome !== 'charged') throw new Error(decision.outcome);
    state = applyLedgerEvent(state, decision.event);
    highestSpent = Math.max(highestSpent, ledgerBalance(state, budget, 0).spentUnits);
    const result = outcome(whim());
    const cost = costOfRound({ shareVariance, sensitivity, dimension }, [contributors(whim())], 0).units;
    const settlement =
      result === 'completed'
        ? decideCorrection(state, key, cost, 0)
        : result === 'aborted'
          ? decideRelease(state, key, 0)
          : undefined;
    if (settlement?.outcome === 'settled') state = applyLedgerEvent(state, settlement.event);
    actualUnits += result === 'completed' ? cost : result === 'aborted' ? 0 : worstCase.units;
  }
  return { state, actualUnits, refused, highestSpent };
}

describe('an adaptive budget over 10,000 rounds', () => {
  it.each([
    ['as many as the minimum', () => 10, 1],
    ['up to thrice the minimum', (whim: number) => 10 + Math.floor(20 * whim), 0.55],
    ['ten times the minimum', () => 100, 0.1],
  ] as const)('horizon spends all of it within 1%, with %s contributing', (_, contributors, expectedShare) => {
    const { state, actualUnits, refused, highestSpent } = run(
      { kind: 'horizon', rounds: ROUNDS },
      10,
      contributors,
      () => 'completed',
      expectedShare,
    );
    expect(refused).toBe(0);
    expect(highestSpent).toBeLessThanOrEqual(budget.units);
    expect(ledgerBalance(state, budget, 0).spentUnits).toBe(actualUnits);
    expect(actualUnits / budget.units).toBeGreaterThan(0.99);
  });

  it.each([
    ['fixed', { kind: 'fixed', units: Math.floor(budget.units / 700) }],
    ['decay', { kind: 'decay', numerator: 1, denominator: 500 }],
    ['horizon', { kind: 'horizon', rounds: ROUNDS }],
  ] as [string, Allocation][])('%s never passes it, with aborts, silence and varying sets', (_, allocation) => {
    const outcome = (whim: number) => (whim < 0.2 ? 'aborted' : whim < 0.4 ? 'unknown' : 'completed');
    const { state, actualUnits, highestSpent } = run(allocation, 3, (whim) => 3 + Math.floor(whim * 40), outcome, 1);
    expect(highestSpent).toBeLessThanOrEqual(budget.units);
    expect(ledgerBalance(state, budget, 0).spentUnits).toBe(actualUnits);
    expect(actualUnits).toBeGreaterThan(budget.units / 3);
  });

  it('refuses greedy choices exactly when they no longer fit', () => {
    const whim = whims(7);
    let state = emptyLedger();
    let [total, refused] = [0, 0];
    for (let round = 1; round <= ROUNDS; round++) {
      const variance = { numerator: Math.floor(1e6 + 1e9 * whim() ** 4), denominator: 1 };
      const { units } = costOfSum({ shareVariance: variance, sensitivity, dimension }, 5);
      const decision = decideCharge(state, budget, { cluster: 'c', round, configHash: 'x', units }, 0);
      expect(decision.outcome).toBe(total + units <= budget.units ? 'charged' : 'refused');
      if (decision.outcome === 'charged') {
        total += units;
        state = applyLedgerEvent(state, decision.event);
      } else refused += 1;
    }
    expect(total).toBeLessThanOrEqual(budget.units);
    expect(total / budget.units).toBeGreaterThan(0.999);
    expect(refused).toBeGreaterThan(0);
  });
});
