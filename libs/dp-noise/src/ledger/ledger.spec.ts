import fc from 'fast-check';
import { applyLedgerEvent } from './apply';
import { decideCharge, decideCorrection, decideRelease } from './decide';
import { endOpenCharges } from './end';
import { DAY_MS, emptyLedger, type ChargeKey, type LedgerEvent, type LedgerState } from './state';
import { availableAt, ledgerBalance, type Budget } from './window';

const lifetime = (units: number): Budget => ({ units, window: 'lifetime' });
const key = (round: number, cluster = 'c1', configHash = `config-${round}`): ChargeKey => ({
  cluster,
  round,
  configHash,
});

/** Never mutated: states are frozen with their maps, so a write in place throws. */
class FrozenMap<K, V> extends Map<K, V> {
  override set(): never {
    throw new Error('mutated');
  }
  override delete(): never {
    throw new Error('mutated');
  }
}
function frozen<K, V>(map: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
  const copy = new FrozenMap<K, V>();
  for (const [k, v] of map) Map.prototype.set.call(copy, k, Object.freeze(v));
  return copy;
}
const freeze = (state: LedgerState): LedgerState =>
  Object.freeze({
    ...state,
    open: frozen(state.open),
    settled: frozen(state.settled),
    latestRounds: frozen(state.latestRounds),
  });

/** A ledger with its event log, as an owner keeps it. */
class Owner {
  state = freeze(emptyLedger());
  readonly log: LedgerEvent[] = [];
  constructor(readonly budget: Budget) {}

  private record<D extends { outcome: string }>(decision: D): D {
    if ('event' in decision) {
      const event = decision.event as LedgerEvent;
      this.log.push(event);
      this.state = freeze(applyLedgerEvent(this.state, event));
    }
    return decision;
  }
  charge = (k: ChargeKey & { readonly endMs?: number }, units: number, nowMs = 0) =>
    this.record(decideCharge(this.state, this.budget, { ...k, units }, nowMs));
  correct = (k: ChargeKey, units: number, nowMs = 0) => this.record(decideCorrection(this.state, k, units, nowMs));
  release = (k: ChargeKey, nowMs = 0) => this.record(decideRelease(this.state, k, nowMs));
  balance = (nowMs = 0) => ledgerBalance(this.state, this.budget, nowMs);
}

describe('ledger', () => {
  it('charges the worst case, corrects it, gives back what was released', () => {
    const owner = new Owner(lifetime(100));
    expect(owner.charge(key(1), 60)).toMatchObject({ outcome: 'charged' });
    expect(owner.balance()).toMatchObject({ spentUnits: 60, openUnits: 60, remainingUnits: 40, rounds: 1 });
    expect(owner.correct(key(1), 25)).toMatchObject({ outcome: 'settled' });
    expect(owner.balance()).toMatchObject({ spentUnits: 25, openUnits: 0, remainingUnits: 75, rounds: 1 });
    owner.charge(key(2), 75);
    expect(owner.balance().remainingUnits).toBe(0);
    expect(owner.release(key(2))).toMatchObject({ outcome: 'settled' });
    expect(owner.balance()).toMatchObject({ spentUnits: 25, openUnits: 0, remainingUnits: 75, rounds: 1 });
  });

  it('answers the same question again without an event', () => {
    const owner = new Owner(lifetime(100));
    owner.charge(key(1), 60);
    expect(owner.charge(key(1), 60)).toEqual({ outcome: 'already_charged' });
    owner.correct(key(1), 30);
    expect(owner.correct(key(1), 30)).toEqual({ outcome: 'not_open' });
    expect(owner.release(key(1))).toEqual({ outcome: 'not_open' });
    expect(owner.balance().spentUnits).toBe(30);
  });

  it('charges a round of a cluster once, under one configuration, in increasing order', () => {
    const owner = new Owner(lifetime(1000));
    owner.charge(key(5), 10);
    expect(owner.charge(key(5, 'c1', 'other'), 10)).toEqual({ outcome: 'refused', code: 'wrong_config' });
    expect(owner.charge(key(5), 11)).toEqual({ outcome: 'refused', code: 'wrong_config' });
    expect(owner.charge(key(4), 10)).toEqual({ outcome: 'refused', code: 'stale_round' });
    owner.release(key(5));
    expect(owner.charge(key(5), 10)).toEqual({ outcome: 'refused', code: 'stale_round' });
    expect(owner.charge(key(4, 'c2'), 10)).toMatchObject({ outcome: 'charged' });
    expect(owner.charge(key(7), 10)).toMatchObject({ outcome: 'charged' });
    expect(owner.charge(key(6), 10)).toEqual({ outcome: 'refused', code: 'stale_round' });
  });

  it('settles only the charge that was made', () => {
    const owner = new Owner(lifetime(100));
    owner.charge(key(1), 50);
    expect(owner.correct(key(1, 'c1', 'other'), 1)).toEqual({ outcome: 'not_open' });
    expect(owner.release(key(1, 'c2'))).toEqual({ outcome: 'not_open' });
    expect(() => owner.correct(key(1), 51)).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(() => owner.correct(key(1), -1)).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(owner.balance().spentUnits).toBe(50);
  });

  it('holds one budget over all clusters, invented ones too', () => {
    const owner = new Owner(lifetime(100));
    const outcomes = Array.from({ length: 20 }, (_, i) => owner.charge(key(1, `invented-${i}`), 30).outcome);
    expect(outcomes.filter((outcome) => outcome === 'charged')).toHaveLength(3);
  });

  it('refuses events that do not follow', () => {
    const charged: LedgerEvent = { kind: 'charged', ...key(3), units: 10, atMs: 0 };
    const state = applyLedgerEvent(emptyLedger(), charged);
    const released: LedgerEvent = { kind: 'released', ...key(3), atMs: 0 };
    const illegal: LedgerEvent[] = [
      charged,
      { ...charged, round: 2 },
      { ...released, round: 4 },
      { ...released, configHash: 'other' },
      { kind: 'corrected', ...key(3), units: 11, atMs: 0 },
    ];
    for (const event of illegal)
      expect(() => applyLedgerEvent(state, event)).toThrow(expect.objectContaining({ code: 'illegal_event' }));
    expect(() => applyLedgerEvent(applyLedgerEvent(state, released), released)).toThrow(
      expect.objectContaining({ code: 'illegal_event' }),
    );
  });

  it('refuses malformed charges and budgets', () => {
    for (const [request, budget] of [
      [{ ...key(1), units: 0 }, lifetime(1)],
      [{ ...key(1), units: 0.5 }, lifetime(1)],
      [{ ...key(0), units: 1 }, lifetime(1)],
      [{ ...key(1), units: 1 }, lifetime(-1)],
      [
        { ...key(1), units: 1 },
        { units: 1, window: { days: 0 } },
      ],
      [
        { ...key(1), units: 1 },
        { units: NaN, window: 'lifetime' as const },
      ],
    ] as const) {
      expect(() => decideCharge(emptyLedger(), budget, request, 0)).toThrow(
        expect.objectContaining({ code: 'invalid' }),
      );
    }
    expect(() => decideCharge(emptyLedger(), lifetime(1), { ...key(1), units: 1 }, NaN)).toThrow(
      expect.objectContaining({ code: 'invalid' }),
    );
  });
});

describe('window', () => {
  const days = (count: number): Budget => ({ units: 100, window: { days: count } });

  it('gives budget back when D days have passed since the end of the day on which the round was settled', () => {
    const owner = new Owner(days(7));
    const noon = 20_000.5 * DAY_MS;
    owner.charge(key(1), 80, noon - DAY_MS);
    owner.correct(key(1), 80, noon);
    const refusal = owner.charge(key(2), 30, noon + DAY_MS);
    expect(refusal).toEqual({
      outcome: 'refused',
      code: 'budget_exhausted',
      remainingUnits: 20,
      availableAtMs: 20_008 * DAY_MS,
    });
    expect(owner.charge(key(2), 30, 20_008 * DAY_MS - 1)).toMatchObject({ outcome: 'refused' });
    expect(owner.charge(key(2), 30, 20_008 * DAY_MS)).toMatchObject({ outcome: 'charged' });
  });

  it('never gives back a lifetime budget, or a charge above the budget', () => {
    const owner = new Owner(lifetime(100));
    owner.charge(key(1), 80);
    expect(owner.charge(key(2), 30, 1e15)).toMatchObject({ code: 'budget_exhausted', availableAtMs: null });
    expect(availableAt(emptyLedger(), days(1), 101, 0)).toBeNull();
    expect(availableAt(emptyLedger(), days(1), 100, 5)).toBe(5);
  });

  it('waits for as many days as the charge needs', () => {
    const owner = new Owner(days(3));
    for (let day = 0; day < 4; day++) {
      owner.charge(key(day + 1), 25, day * DAY_MS);
      owner.correct(key(day + 1), 25, day * DAY_MS);
    }
    expect(
      [10, 25, 26, 50, 75, 100].map((units) => availableAt(owner.state, owner.budget, units, 3 * DAY_MS)! / DAY_MS),
    ).toEqual([4, 4, 5, 5, 6, 7]);
  });

  it('counts open charges whose end is not known however old they are: their rounds may be opened at any time, together', () => {
    const owner = new Owner(days(1));
    owner.charge(key(1), 60, 0);
    expect(owner.charge(key(2), 60, 1000 * DAY_MS)).toMatchObject({ code: 'budget_exhausted', availableAtMs: null });
    owner.correct(key(1), 60, 1000 * DAY_MS);
    expect(owner.balance(1001 * DAY_MS).spentUnits).toBe(60);
    expect(owner.balance(1002 * DAY_MS).spentUnits).toBe(0);
  });

  it('counts a charge that has ended without an outcome in full, and then lets go of it like any other', () => {
    const owner = new Owner(days(30));
    owner.charge({ ...key(1), endMs: 9 * DAY_MS + 1 }, 60, 2 * DAY_MS);
    expect(owner.balance(9 * DAY_MS)).toMatchObject({ spentUnits: 60, openUnits: 60, rounds: 1 });
    expect(owner.balance(10 * DAY_MS)).toMatchObject({ spentUnits: 60, openUnits: 0, rounds: 1 });
    expect(owner.balance(39 * DAY_MS)).toMatchObject({ spentUnits: 60, requestUnits: 60 });
    expect(owner.balance(40 * DAY_MS)).toMatchObject({ spentUnits: 0, openUnits: 0, requestUnits: 0, rounds: 0 });
    expect(availableAt(owner.state, owner.budget, 60, 20 * DAY_MS)).toBe(40 * DAY_MS);
    // Where there is no window it counts for ever.
    expect(ledgerBalance(owner.state, lifetime(100), 1000 * DAY_MS)).toMatchObject({ spentUnits: 60, openUnits: 0 });
    // An outcome that is shown long after is one of its last day at the latest.
    owner.correct(key(1), 25, 35 * DAY_MS);
    expect(owner.balance(39 * DAY_MS)).toMatchObject({ spentUnits: 25, rounds: 1 });
    expect(owner.balance(40 * DAY_MS)).toMatchObject({ spentUnits: 0 });
  });

  it('ends no charge before its own day, and those of an earlier release after the time given', () => {
    const owner = new Owner(days(1));
    owner.charge({ ...key(1), endMs: 5 * DAY_MS }, 10, 90 * DAY_MS);
    owner.charge(key(2), 20, 90 * DAY_MS);
    expect(owner.balance(91 * DAY_MS)).toMatchObject({ spentUnits: 30, openUnits: 20 });
    expect(owner.balance(92 * DAY_MS)).toMatchObject({ spentUnits: 20 });
    const ended = endOpenCharges(owner.state, 10);
    expect(ledgerBalance(ended, owner.budget, 101 * DAY_MS)).toMatchObject({ spentUnits: 20, openUnits: 0 });
    expect(ledgerBalance(ended, owner.budget, 102 * DAY_MS)).toMatchObject({ spentUnits: 0 });
    expect(endOpenCharges(ended, 1)).toEqual(ended);
  });

  it('does not trust a clock that runs backwards', () => {
    const owner = new Owner(days(2));
    owner.charge(key(1), 60, 100 * DAY_MS);
    // Set back by 50 days: the earlier charge still counts, and the new one is not backdated out of the window.
    expect(owner.balance(50 * DAY_MS).spentUnits).toBe(60);
    owner.charge(key(2), 40, 50 * DAY_MS);
    expect(owner.balance(101 * DAY_MS).spentUnits).toBe(100);
  });

  it('keeps every window of D x 24 hours within the budget', () => {
    const steps = fc.array(
      fc.record({
        hours: fc.integer({ min: 0, max: 40 }),
        units: fc.integer({ min: 1, max: 100 }),
        actual: fc.double({ min: 0, max: 1, noNaN: true }),
        outcome: fc.constantFrom('correct', 'release', 'open'),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 5 }), (rounds, length) => {
        const owner = new Owner(days(length));
        const costs: { atMs: number; units: number }[] = [];
        let nowMs = 1e12;
        rounds.forEach(({ hours, units, actual, outcome }, i) => {
          nowMs += hours * 3_600_000;
          const decision = owner.charge(key(i + 1), units, nowMs);
          if (decision.outcome !== 'charged') {
            // The promised date holds: a moment earlier it does not fit, then it does.
            const at =
              decision.outcome === 'refused' && decision.code === 'budget_exhausted' ? decision.availableAtMs : NaN;
            if (at === null) return;
            expect(ledgerBalance(owner.state, owner.budget, at - 1).remainingUnits).toBeLessThan(units);
            expect(ledgerBalance(owner.state, owner.budget, at).remainingUnits).toBeGreaterThanOrEqual(units);
            return;
          }
          const cost = Math.floor(units * actual);
          if (outcome === 'correct') owner.correct(key(i + 1), cost, nowMs);
          if (outcome === 'release') owner.release(key(i + 1), nowMs);
          costs.push({ atMs: nowMs, units: outcome === 'correct' ? cost : outcome === 'release' ? 0 : units });
        });
        for (const { atMs } of costs) {
          const window = costs.filter((cost) => cost.atMs <= atMs && cost.atMs > atMs - length * DAY_MS);
          expect(window.reduce((sum, { units }) => sum + units, 0)).toBeLessThanOrEqual(100);
        }
      }),
    );
  });
});

describe('ledger under arbitrary use', () => {
  const action = fc.record({
    kind: fc.constantFrom('charge', 'correct', 'release'),
    cluster: fc.constantFrom('a', 'b'),
    round: fc.integer({ min: 1, max: 6 }),
    configHash: fc.constantFrom('x', 'y'),
    units: fc.integer({ min: 1, max: 60 }),
  });

  it('matches a plain list of charges, never exceeds the budget, and is rebuilt from its log', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const owner = new Owner(lifetime(100));
        // Model: per cluster and round, the cost that counts; undefined once released.
        const model = new Map<string, { configHash: string; units: number; open: boolean }>();
        for (const { kind, cluster, round, configHash, units } of actions) {
          const at = `${cluster}${round}`;
          const k = { cluster, round, configHash };
          const held = model.get(at);
          const isOpen = held?.open === true && held.configHash === configHash;
          if (kind === 'charge') {
            const spent = [...model.values()].reduce((sum, entry) => sum + entry.units, 0);
            const newest = Math.max(
              0,
              ...[...model.keys()].filter((name) => name.startsWith(cluster)).map((name) => Number(name.slice(1))),
            );
            const decision = owner.charge(k, units);
            if (held?.open)
              expect(decision.outcome).toBe(isOpen && held.units === units ? 'already_charged' : 'refused');
            else if (round <= newest) expect(decision).toEqual({ outcome: 'refused', code: 'stale_round' });
            else if (spent + units > 100)
              expect(decision).toMatchObject({ code: 'budget_exhausted', remainingUnits: 100 - spent });
            else {
              expect(decision.outcome).toBe('charged');
              model.set(at, { configHash, units, open: true });
            }
          } else if (kind === 'correct' && isOpen && units <= held.units) {
            owner.correct(k, units);
            model.set(at, { configHash, units, open: false });
          } else if (kind === 'release') {
            expect(owner.release(k).outcome).toBe(isOpen ? 'settled' : 'not_open');
            if (isOpen) model.set(at, { configHash, units: 0, open: false });
          }
          const spent = [...model.values()].reduce((sum, entry) => sum + entry.units, 0);
          expect(owner.balance().spentUnits).toBe(spent);
          expect(spent).toBeLessThanOrEqual(100);
        }
        expect(owner.log.reduce(applyLedgerEvent, emptyLedger())).toEqual({
          ...owner.state,
          open: new Map(owner.state.open),
          settled: new Map(owner.state.settled),
          latestRounds: new Map(owner.state.latestRounds),
        });
      }),
      { numRuns: 300 },
    );
  });
});
