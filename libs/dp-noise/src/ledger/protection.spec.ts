import fc from 'fast-check';
import { allocateRound } from './allocation';
import { applyLedgerEvent } from './apply';
import { decideCharge, decideCorrection, decideRelease } from './decide';
import { mostCarriedUnits, protectionOf, stricterProtection } from './protection';
import { DAY_MS, emptyLedger, type LedgerState } from './state';
import { availableAt, ledgerBalance, type Budget } from './window';

const cap = 100;
const event: Budget = { units: cap, window: { days: 30 }, protects: 'event' };
const window: Budget = { units: cap, window: { days: 30 } };
const key = (round: number) => ({ cluster: 'c', round, configHash: `config-${round}` });

function charge(state: LedgerState, budget: Budget, round: number, units: number, carriedUnits = 0, day = 0) {
  const decision = decideCharge(state, budget, { ...key(round), units, carriedUnits }, day * DAY_MS);
  return decision.outcome === 'charged' ? applyLedgerEvent(state, decision.event) : decision;
}
const charged = (...args: Parameters<typeof charge>): LedgerState => {
  const state = charge(...args);
  if ('outcome' in state) throw new Error(JSON.stringify(state));
  return state;
};
const settled = (state: LedgerState, round: number, units: number, day = 0): LedgerState => {
  const decision = decideCorrection(state, key(round), units, day * DAY_MS);
  if (decision.outcome !== 'settled') throw new Error(decision.outcome);
  return applyLedgerEvent(state, decision.event);
};

describe('what is enforced', () => {
  it('is the window, unless both sides ask for single requests', () => {
    expect(protectionOf(window)).toBe('window');
    expect(protectionOf(event)).toBe('event');
    expect(stricterProtection('event', 'event')).toBe('event');
    for (const [one, other] of [
      ['event', 'window'],
      ['window', 'event'],
      ['window', 'window'],
    ] as const)
      expect(stricterProtection(one, other)).toBe('window');
  });

  it('goes on for ever with `event`, where a window ends; both count the same', () => {
    let [unlimited, limited]: LedgerState[] = [emptyLedger(), emptyLedger()];
    let refused = 0;
    for (let round = 1; round <= 1000; round++) {
      unlimited = settled(charged(unlimited, event, round, 40), round, 30);
      const next = charge(limited, window, round, 40);
      if ('outcome' in next) refused += 1;
      else limited = settled(next, round, 30);
    }
    expect(ledgerBalance(unlimited, event, 0)).toEqual({
      spentUnits: 30_000,
      openUnits: 0,
      requestUnits: 30,
      remainingUnits: cap,
      protects: 'event',
      rounds: 1000,
    });
    // 3 rounds: the fourth would be charged 40 on top of 90.
    expect(refused).toBe(997);
    expect(ledgerBalance(limited, window, 0)).toMatchObject({ spentUnits: 90, requestUnits: 30, protects: 'window' });
    // Whoever changes over to the window finds all that was spent in it, and waits for it to pass.
    expect(charge(unlimited, window, 1001, 1)).toMatchObject({ outcome: 'refused', code: 'budget_exhausted' });
    expect(ledgerBalance(unlimited, window, 31 * DAY_MS).remainingUnits).toBe(cap);
  });

  it('is the sum of what one request was charged: it enters another round only within the limit', () => {
    const state = charged(emptyLedger(), event, 1, 60);
    expect(mostCarriedUnits(event, 40)).toBe(60);
    expect(charge(state, event, 2, 41, 60)).toEqual({
      outcome: 'refused',
      code: 'budget_exhausted',
      remainingUnits: cap,
      availableAtMs: null,
    });
    const twice = charged(state, event, 2, 40, 60);
    expect(ledgerBalance(twice, event, 0)).toMatchObject({ openUnits: 100, requestUnits: 100 });
    expect(ledgerBalance(settled(twice, 2, 25), event, 0).requestUnits).toBe(85);
    expect(charge(twice, event, 3, 101)).toMatchObject({ outcome: 'refused', availableAtMs: null });
    expect(availableAt(twice, event, 100, 5)).toBe(5);
    expect(availableAt(twice, event, 101, 5)).toBeNull();
    expect(() => charge(state, event, 3, 1, -1)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });

  it('is that sum with `window` too, where a request comes back after the window has forgotten its charge', () => {
    const state = charged(emptyLedger(), window, 1, 60);
    expect(charge(state, window, 2, 41, 0, 0)).toMatchObject({ outcome: 'refused' });
    const later = settled(state, 1, 60);
    expect(ledgerBalance(later, window, 40 * DAY_MS).remainingUnits).toBe(cap);
    expect(charge(later, window, 2, 41, 60, 40)).toMatchObject({ outcome: 'refused', code: 'budget_exhausted' });
    expect(charge(later, window, 2, 40, 60, 40)).not.toHaveProperty('outcome');
  });

  it('is not changed by what was released: nobody has seen it', () => {
    const open = charged(emptyLedger(), event, 1, 60, 30);
    const decision = decideRelease(open, key(1), 0);
    if (decision.outcome !== 'settled') throw new Error(decision.outcome);
    expect(ledgerBalance(applyLedgerEvent(open, decision.event), event, 0)).toMatchObject({
      spentUnits: 0,
      requestUnits: 0,
    });
  });
});

describe('figures', () => {
  it('are those of the window', () => {
    const state = settled(charged(emptyLedger(), event, 1, 60, 0, 100), 1, 50, 100);
    const later = settled(charged(state, event, 2, 20, 0, 120), 2, 20, 120);
    expect(ledgerBalance(later, event, 130 * DAY_MS)).toMatchObject({ spentUnits: 70, requestUnits: 50 });
    expect(ledgerBalance(later, event, 131 * DAY_MS)).toMatchObject({ spentUnits: 20, requestUnits: 20 });
    expect(ledgerBalance(later, { ...event, window: 'lifetime' }, 999 * DAY_MS)).toMatchObject({ requestUnits: 50 });
  });

  it('say no less than what a ledger from before they were kept can have charged', () => {
    const old: LedgerState = { ...emptyLedger(), settled: new Map([[100, { units: 70, rounds: 2 }]]), latestDay: 100 };
    expect(ledgerBalance(old, event, 100 * DAY_MS)).toMatchObject({ spentUnits: 70, requestUnits: 70 });
    const more = settled(charged(old, event, 1, 20, 0, 100), 1, 20, 100);
    expect([...more.settled]).toEqual([[100, { units: 90, rounds: 3, requestUnits: 70 }]]);
  });
});

it('allocations have nothing to spread where a request enters one round', () => {
  const balance = ledgerBalance(settled(charged(emptyLedger(), event, 1, 60), 1, 60), event, 0);
  expect(allocateRound({ kind: 'horizon', rounds: 10 }, balance, 0.5)).toBe(cap);
  expect(allocateRound({ kind: 'decay', numerator: 1, denominator: 4 }, balance)).toBe(25);
  expect(allocateRound({ kind: 'fixed', units: cap }, balance)).toBe(cap);
  expect(allocateRound({ kind: 'fixed', units: cap + 1 }, balance)).toBe(0);
});

it('no order of rounds and outcomes takes a request beyond the limit', () => {
  const outcome = fc.constantFrom('published', 'released', 'undecided', 'open');
  fc.assert(
    fc.property(fc.array(fc.record({ units: fc.integer({ min: 1, max: 130 }), outcome })), (rounds) => {
      let state = emptyLedger();
      // The request is offered to every round, and comes back from all but those that are open or have published it.
      let [carried, gone] = [0, false];
      rounds.forEach(({ units, outcome: ends }, i) => {
        const takes = !gone && carried <= mostCarriedUnits(event, units);
        const next = charge(state, event, i + 1, units, takes ? carried : 0);
        if ('outcome' in next) {
          expect(units).toBeGreaterThan(cap);
          return;
        }
        state = next;
        if (ends === 'published') state = settled(state, i + 1, units);
        if (ends === 'undecided') state = settled(state, i + 1, units);
        if (ends === 'released') {
          const decision = decideRelease(state, key(i + 1), 0);
          if (decision.outcome === 'settled') state = applyLedgerEvent(state, decision.event);
        }
        if (!takes) return;
        if (ends !== 'released') carried += units;
        if (ends === 'published' || ends === 'open') gone = true;
      });
      expect(carried).toBeLessThanOrEqual(cap);
      expect(ledgerBalance(state, event, 0).requestUnits).toBeGreaterThanOrEqual(carried);
      expect(ledgerBalance(state, event, 0).requestUnits).toBeLessThanOrEqual(cap);
    }),
  );
});
