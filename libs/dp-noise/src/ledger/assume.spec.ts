import { applyLedgerEvent } from './apply';
import { assumeSpent } from './assume';
import { decideCharge } from './decide';
import { DAY_MS, emptyLedger, type LedgerState } from './state';
import { availableAt, ledgerBalance } from './window';

const day = (n: number) => n * DAY_MS + 1;
const budget = { units: 100, window: { days: 30 } };
const charged = (state: LedgerState, round: number, units: number, atMs: number): LedgerState => {
  const decision = decideCharge(state, budget, { cluster: 'c', round, configHash: 'h', units }, atMs);
  if (decision.outcome !== 'charged') throw new Error(decision.outcome);
  return applyLedgerEvent(state, decision.event);
};

it('leaves nothing of a budget that is assumed spent, until its window has passed', () => {
  const backup = charged(emptyLedger(), 1, 10, day(100));
  const restored = assumeSpent(backup, budget.units, day(110));
  expect(backup.settled.size).toBe(0);
  expect(ledgerBalance(restored, budget, day(110))).toMatchObject({
    spentUnits: 110,
    openUnits: 10,
    remainingUnits: 0,
  });
  expect(decideCharge(restored, budget, { cluster: 'c', round: 2, configHash: 'h', units: 1 }, day(140))).toMatchObject(
    { outcome: 'refused', code: 'budget_exhausted' },
  );
  expect(availableAt(restored, budget, 1, day(110))).toBe(141 * DAY_MS);
  expect(ledgerBalance(restored, budget, day(141)).remainingUnits).toBe(90);
  expect(ledgerBalance(restored, { units: 100, window: 'lifetime' }, day(1000)).remainingUnits).toBe(0);
});

it('adds to what is known, and is not put before it by a clock that runs behind', () => {
  const restored = assumeSpent(assumeSpent(charged(emptyLedger(), 1, 10, day(100)), 20, day(90)), 30, day(100));
  expect([...restored.settled]).toEqual([[100, { units: 50, rounds: 0, requestUnits: 30 }]]);
  expect(() => assumeSpent(restored, -1, day(1))).toThrow(expect.objectContaining({ code: 'invalid' }));
  expect(() => assumeSpent(restored, 0.5, day(1))).toThrow(expect.objectContaining({ code: 'invalid' }));
});
