/**
 * What 50 rounds together give away, by attack, under either thing that a ledger can hold its budget to. The attacker
 * knows everything but the noise of the honest routers, sees every sum, and chooses how each round ends: the best test
 * is the sum of the projections on what it looks for, each weighted by the inverse of its variance. Charges do not
 * depend on data, so the ledger goes the same way in both worlds.
 */
import { unsafeSeededRandom } from '@secagg/testbed/random';
import {
  allocateRound,
  applyLedgerEvent,
  decideCharge,
  decideCorrection,
  emptyLedger,
  ledgerBalance,
  mostCarriedUnits,
  planNoise,
  rhoToBudgetUnits,
  rhoToEpsilon,
  sampleDiscreteGaussian,
  unitsToRho,
  type Budget,
  type LedgerState,
  type Variance,
} from '../src';
import { epsilonFromBelow } from './support/epsilon-from-below';

const ROUNDS = 50;
const TRIALS = 20_000;
const delta = 0.01;
const sensitivity = 1000;
const honest = 2;
/** What the target adds to a sum: as much as it can, in one coordinate. */
const value = sensitivity;
const units = rhoToBudgetUnits(1 / 4);
const claimed = rhoToEpsilon(unitsToRho(units), delta);

const event: Budget = { units, window: { days: 30 }, protects: 'event' };
const window: Budget = { units, window: { days: 30 } };

/**
 * What stands between a coordinator and more than the budget: the ledger's decision, and the choice of the requests
 * that enter a round.
 */
interface Filter {
  readonly decideCharge: typeof decideCharge;
  readonly mostCarriedUnits: typeof mostCarriedUnits;
}
const filter: Filter = { decideCharge, mostCarriedUnits };
/** The filter taken away: every round is charged, and takes every request. */
const noFilter: Filter = {
  decideCharge: (state, _budget, { carriedUnits: _carried, ...request }, nowMs) =>
    decideCharge(state, { units: Number.MAX_SAFE_INTEGER, window: 'lifetime' }, request, nowMs),
  mostCarriedUnits: () => Number.MAX_SAFE_INTEGER,
};

/**
 * What the attacker looks for: one `request`, which it tries to get into every round by leaving each one undecided, so
 * that the request comes back; or a `set` of other requests, one in every round.
 */
type Target = 'request' | 'set';

/** Variances of a share in the rounds that have the target in them. */
function roundsWith(
  target: Target,
  budget: Budget,
  costOf: (state: LedgerState) => number,
  { decideCharge: decide, mostCarriedUnits: most }: Filter,
): Variance[] {
  let state = emptyLedger();
  let charged = 0;
  const variances: Variance[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const { shareVariance, worstCase } = planNoise({
      units: costOf(state),
      sensitivity,
      honestQuorum: honest,
      dimension: 1,
    });
    const carried = target === 'request' ? charged : 0;
    const takes = carried <= most(budget, worstCase.units);
    const key = { cluster: 'c', round, configHash: String(round) };
    const carriedUnits = takes ? carried : 0;
    const decision = decide(state, budget, { ...key, units: worstCase.units, carriedUnits }, 0);
    if (decision.outcome !== 'charged') continue;
    state = applyLedgerEvent(state, decision.event);
    const settled = decideCorrection(state, key, worstCase.units, 0);
    if (settled.outcome === 'settled') state = applyLedgerEvent(state, settled.event);
    if (!takes) continue;
    variances.push(shareVariance);
    charged += worstCase.units;
  }
  return variances;
}

function found(variances: readonly Variance[]): number {
  const random = unsafeSeededRandom(`attack over ${variances.length} rounds`);
  const noise = new Int32Array(TRIALS);
  const scores = (present: boolean): Float64Array => {
    const total = new Float64Array(TRIALS);
    for (const variance of variances) {
      const weight = variance.denominator / variance.numerator;
      for (let router = 0; router < honest; router++) {
        sampleDiscreteGaussian(variance, noise, random);
        // The sum less all that is known is the noise, and the target if it is there.
        const target = present && router === 0 ? value : 0;
        for (let trial = 0; trial < TRIALS; trial++) total[trial] += weight * value * (noise[trial] + target);
      }
    }
    return total;
  };
  return epsilonFromBelow(scores(true), scores(false), delta, 1e-3);
}

const fixed = (share: number) => () => Math.floor(units * share);
const adaptive = (budget: Budget) => (state: LedgerState) =>
  allocateRound({ kind: 'horizon', rounds: ROUNDS }, ledgerBalance(state, budget, 0));

describe('one request over 50 rounds, each of them left undecided, under `event`', () => {
  it.each([
    ['one round at the whole limit', 1, 1],
    ['five rounds at a fifth of it', 1 / 5, 5],
  ])('is not told better than one round allows: it enters %s', (_, share, rounds) => {
    const variances = roundsWith('request', event, fixed(share), filter);
    expect(variances).toHaveLength(rounds);
    const epsilon = found(variances);
    expect(epsilon).toBeLessThan(claimed);
    expect(epsilon).toBeGreaterThan(claimed / 2);
  });

  it('would be, without the filter', () => {
    const variances = roundsWith('request', event, fixed(1 / 5), noFilter);
    expect(variances).toHaveLength(ROUNDS);
    expect(found(variances)).toBeGreaterThan(claimed);
  });
});

describe('a set of one request in each of 50 rounds', () => {
  it.each([
    ['rounds of a tenth of the budget end when it is spent', fixed(1 / 10), 10],
    ['the noise adapts to what remains over all rounds', adaptive(window), ROUNDS],
  ])('is not told better than the budget allows under `window`: %s', (_, costOf, rounds) => {
    const variances = roundsWith('set', window, costOf, filter);
    expect(variances).toHaveLength(rounds);
    const epsilon = found(variances);
    expect(epsilon).toBeLessThan(claimed);
    expect(epsilon).toBeGreaterThan(claimed / 2);
  });

  it('would be, without the filter', () => {
    const variances = roundsWith('set', window, fixed(1 / 10), noFilter);
    expect(variances).toHaveLength(ROUNDS);
    expect(found(variances)).toBeGreaterThan(claimed);
  });

  it('is, under `event`: it protects requests one by one', () => {
    const variances = roundsWith('set', event, fixed(1 / 10), filter);
    expect(variances).toHaveLength(ROUNDS);
    expect(found(variances)).toBeGreaterThan(claimed);
  });
});
