import { applyLedgerEvent } from './apply';
import { decideCharge, decideCorrection } from './decide';
import { evenUnits, fitSchedule } from './schedule';
import { DAY_MS, emptyLedger } from './state';
import { type Budget } from './window';

const HOUR_MS = DAY_MS / 24;
const budget: Budget = { units: 1_000_000, window: { days: 30 } };

/** Rounds from the start of a day until the first that the ledger refuses; `limit` when it refuses none. */
function played(of: Budget, chargeUnits: number, costUnits: number, everyMs: number, limit: number): number {
  let state = emptyLedger();
  for (let round = 1; round <= limit; round++) {
    const key = { cluster: 'c', round, configHash: 'x' };
    const nowMs = 100 * DAY_MS + (round - 1) * everyMs;
    const decision = decideCharge(state, of, { ...key, units: chargeUnits }, nowMs);
    if (decision.outcome !== 'charged') return round - 1;
    state = applyLedgerEvent(state, decision.event);
    const settled = decideCorrection(state, key, costUnits, nowMs);
    if (settled.outcome === 'settled') state = applyLedgerEvent(state, settled.event);
  }
  return limit;
}

it.each([
  ['every hour, at the minimum', 6000, 6000, HOUR_MS],
  ['every hour, cheaper with more routers', 6000, 2000, HOUR_MS],
  ['every hour, at what just fits', Math.floor(1_000_000 / 744), Math.floor(1_000_000 / 744), HOUR_MS],
  ['every hour, at a unit more', Math.floor(1_000_000 / 744) + 1, Math.floor(1_000_000 / 744) + 1, HOUR_MS],
  ['every day', 40_000, 30_000, DAY_MS],
  ['dearer than the whole budget', 1_000_001, 1, DAY_MS],
])('says when the ledger would refuse: %s', (_, charge, cost, everyMs) => {
  const { wanted, possible, refusedAfterMs } = fitSchedule(budget, { chargeUnits: charge, costUnits: cost, everyMs });
  expect(wanted).toBe(Math.ceil((31 * DAY_MS) / everyMs));
  const rounds = played(budget, charge, cost, everyMs, 3 * wanted);
  if (refusedAfterMs === null) expect(rounds).toBe(3 * wanted);
  else {
    expect(rounds).toBe(possible);
    expect(refusedAfterMs).toBe(possible * everyMs);
  }
});

it('never ends where single requests are protected, unless a round is dearer than one may be charged', () => {
  const event: Budget = { ...budget, protects: 'event' };
  const rounds = { chargeUnits: 1_000_000, costUnits: 900_000, everyMs: 1000 };
  expect(fitSchedule(event, rounds)).toMatchObject({ possible: Infinity, refusedAfterMs: null });
  expect(played(event, rounds.chargeUnits, rounds.costUnits, 1000, 500)).toBe(500);
  expect(fitSchedule(event, { ...rounds, chargeUnits: 1_000_001 })).toMatchObject({ possible: 0, refusedAfterMs: 0 });
});

it('ends for certain in a lifetime', () =>
  expect(fitSchedule({ units: 100, window: 'lifetime' }, { chargeUnits: 10, costUnits: 5, everyMs: 1000 })).toEqual({
    wanted: Infinity,
    possible: 19,
    refusedAfterMs: 19_000,
  }));

it.each([1, 0.3])('has an even share of which all rounds fit, and no more (share %p)', (share) => {
  const charge = evenUnits(budget.units, 744, share);
  const fit = (chargeUnits: number) =>
    fitSchedule(budget, { chargeUnits, costUnits: Math.ceil(share * chargeUnits), everyMs: HOUR_MS }).refusedAfterMs;
  expect(fit(charge)).toBeNull();
  expect(fit(Math.ceil(1.01 * charge))).not.toBeNull();
});

it('refuses what is no schedule', () => {
  for (const wrong of [{ chargeUnits: 1, costUnits: 2 }, { everyMs: 0 }, { costUnits: -1 }])
    expect(() => fitSchedule(budget, { chargeUnits: 2, costUnits: 1, everyMs: 1, ...wrong })).toThrow(
      expect.objectContaining({ code: 'invalid' }),
    );
});
