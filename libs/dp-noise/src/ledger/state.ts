/**
 * Privacy ledger: what was charged against a budget, as a pure state machine (docs/privacy.md).
 *
 * A router keeps one ledger over all clusters: it alone decides what its own data may cost. The coordinator keeps one
 * per cluster, for planning and early refusal. Both are this state; who owns it decides what it guarantees.
 *
 *            decideCharge                decideCorrection
 *   (none) ---------------> open ----------------------------> settled at the actual cost (<= the charge)
 *                            |           decideRelease
 *                            +-------------------------------> released: costs nothing
 *                            |           at the end of its day
 *                            +-------------------------------> counted in full, like what was settled on that day
 *
 * decide* functions read the state and return an event; the owner makes the event durable, then applies it, then acts
 * (sends its contribution). An open charge counts in full, so a crash anywhere leaves at least what was sent charged. A
 * round number is used once per cluster, in increasing order, so no charge can be made, settled or given back twice.
 *
 * The sum of adaptively chosen costs stays within the budget at every step: a zCDP privacy filter (Feldman and Zrnic,
 * "Individual Privacy Accounting via a Renyi Filter", 2021, applied at every order at once).
 */

/** Identifies what was charged for. Round numbers are positive integers, increasing within a cluster. */
export interface ChargeKey {
  readonly cluster: string;
  readonly round: number;
  readonly configHash: string;
}

export type LedgerEvent =
  | ({
      readonly kind: 'charged';
      readonly units: number;
      /** The most that any request of the round had been charged before; absent: 0. */
      readonly carriedUnits?: number;
      /** When no outcome of the round can come about any more; absent where that is not known. */
      readonly endMs?: number;
      readonly atMs: number;
    } & ChargeKey)
  | ({ readonly kind: 'corrected'; readonly units: number; readonly atMs: number } & ChargeKey)
  | ({ readonly kind: 'released'; readonly atMs: number } & ChargeKey);

export interface OpenCharge extends ChargeKey {
  readonly units: number;
  readonly carriedUnits?: number;
  readonly day: number;
  /** Day on which it counts as settled in full, if no outcome was shown until then; absent where no end is known. */
  readonly endDay?: number;
}

/** Infinity where no end is known. */
export const endDayOf = ({ day, endDay = Infinity }: Pick<OpenCharge, 'day' | 'endDay'>): number =>
  Math.max(day, endDay);

export interface DayTotal {
  readonly units: number;
  readonly rounds: number;
  /**
   * The most that any request had been charged after a round of the day. Absent in ledgers that did not keep it: no
   * more than `units`.
   */
  readonly requestUnits?: number;
}

export const requestUnitsOf = ({ units, requestUnits }: DayTotal): number => requestUnits ?? units;

/**
 * Never mutated: `applyLedgerEvent` returns the next one. Its size is the open charges + days with charges + clusters.
 */
export interface LedgerState {
  /** Charges awaiting the outcome of their round, by cluster and round. */
  readonly open: ReadonlyMap<string, OpenCharge>;
  /**
   * Final costs by the UTC day of the settlement (days since 1970). Days are kept for good: a wrong clock cannot erase
   * them.
   */
  readonly settled: ReadonlyMap<number, DayTotal>;
  /** Highest round charged in each cluster. */
  readonly latestRounds: ReadonlyMap<string, number>;
  /** Latest day of any charge; a clock that runs behind it does not backdate further charges. */
  readonly latestDay: number;
}

export const emptyLedger = (): LedgerState => ({
  open: new Map(),
  settled: new Map(),
  latestRounds: new Map(),
  latestDay: 0,
});

export const DAY_MS = 86_400_000;

export const openKey = ({ cluster, round }: ChargeKey): string => `${round}/${cluster}`;
