import { DpNoiseError } from '../errors';
import { openKey, type ChargeKey, type LedgerEvent, type LedgerState, type OpenCharge } from './state';
import { mostCarriedUnits } from './protection';
import { availableAt, ledgerBalance, type Budget } from './window';

/** Why a charge is refused: the codes are those of the whole system. */
export type ChargeRefusal =
  /**
   * It does not fit the budget, or that of a request in it; `availableAtMs` is when the window will have given enough
   * back, null if never.
   */
  | {
      readonly outcome: 'refused';
      readonly code: 'budget_exhausted';
      readonly remainingUnits: number;
      readonly availableAtMs: number | null;
    }
  /** The round is charged under another configuration, or for another cost. */
  | { readonly outcome: 'refused'; readonly code: 'wrong_config' }
  /** The round is settled or released, or below the highest of its cluster. */
  | { readonly outcome: 'refused'; readonly code: 'stale_round' };

export type ChargeDecision =
  /** Make the event durable, apply it, then send. */
  | { readonly outcome: 'charged'; readonly event: LedgerEvent }
  /** This very charge is open already (a restart): nothing to record; send the same bytes again. */
  | { readonly outcome: 'already_charged' }
  | ChargeRefusal;

export type SettlementDecision =
  | { readonly outcome: 'settled'; readonly event: LedgerEvent }
  /** The round is settled, released or was never charged here: nothing to do. */
  | { readonly outcome: 'not_open' };

export interface ChargeRequest extends ChargeKey {
  /** Worst-case cost (N = h) in units of 2^-40 rho; integer, at least 1. */
  readonly units: number;
  /** The most that any request in it has been charged before, by rounds that may have published it; absent: 0. */
  readonly carriedUnits?: number;
  /** When no outcome of the round can come about any more: then it counts as settled in full. */
  readonly endMs?: number;
}

const isUnits = (units: number, least: number): boolean => Number.isSafeInteger(units) && units >= least;

/**
 * Whether a round may be charged at its worst case, before anything of it is sent.
 * @throws DpNoiseError `invalid` when units or round number are not positive integers, or the budget is malformed
 */
export function decideCharge(
  state: LedgerState,
  budget: Budget,
  request: ChargeRequest,
  nowMs: number,
): ChargeDecision {
  const { cluster, round, configHash, units, carriedUnits = 0, endMs } = request;
  const isTime = Number.isFinite(nowMs) && (endMs === undefined || Number.isFinite(endMs));
  if (!isUnits(units, 1) || !isUnits(carriedUnits, 0) || !isUnits(round, 1) || !isTime)
    throw new DpNoiseError('invalid', 'A charge has a positive integer cost and round number', {
      units,
      carriedUnits,
      round,
    });
  const existing = state.open.get(openKey(request));
  if (existing !== undefined) {
    return existing.configHash === configHash && existing.units === units
      ? { outcome: 'already_charged' }
      : { outcome: 'refused', code: 'wrong_config' };
  }
  if (round <= (state.latestRounds.get(cluster) ?? 0)) return { outcome: 'refused', code: 'stale_round' };
  const { remainingUnits } = ledgerBalance(state, budget, nowMs);
  if (carriedUnits > mostCarriedUnits(budget, units))
    return { outcome: 'refused', code: 'budget_exhausted', remainingUnits, availableAtMs: null };
  if (units > remainingUnits) {
    return {
      outcome: 'refused',
      code: 'budget_exhausted',
      remainingUnits,
      availableAtMs: availableAt(state, budget, units, nowMs),
    };
  }
  const optional = { ...(carriedUnits === 0 ? {} : { carriedUnits }), ...(endMs === undefined ? {} : { endMs }) };
  const event = { kind: 'charged', cluster, round, configHash, units, ...optional, atMs: nowMs } as const;
  return { outcome: 'charged', event };
}

function openCharge(state: LedgerState, key: ChargeKey): OpenCharge | undefined {
  const charge = state.open.get(openKey(key));
  return charge?.configHash === key.configHash ? charge : undefined;
}

/**
 * Settles a charge at the actual cost, once the result of the round is verified.
 * @param units actual cost; integer from 0 to the charge
 * @throws DpNoiseError `invalid` when it exceeds the charge: the set was then smaller than h, and the result is not
 * valid
 */
export function decideCorrection(state: LedgerState, key: ChargeKey, units: number, nowMs: number): SettlementDecision {
  const charge = openCharge(state, key);
  if (charge === undefined) return { outcome: 'not_open' };
  if (!isUnits(units, 0) || units > charge.units)
    throw new DpNoiseError('invalid', 'A correction is an integer from 0 to the charge', {
      units,
      charged: charge.units,
    });
  const { cluster, round, configHash } = charge;
  return { outcome: 'settled', event: { kind: 'corrected', cluster, round, configHash, units, atMs: nowMs } };
}

/** Gives a charge back: only on an abort decision, or on a decision that leaves the contribution out. */
export function decideRelease(state: LedgerState, key: ChargeKey, nowMs: number): SettlementDecision {
  const charge = openCharge(state, key);
  if (charge === undefined) return { outcome: 'not_open' };
  const { cluster, round, configHash } = charge;
  return { outcome: 'settled', event: { kind: 'released', cluster, round, configHash, atMs: nowMs } };
}
