/** A round without an outcome: charged in full, once its epoch is over for good (docs/protocol.md, "Privacy cost and ledger"). */
import { chargeEndMs } from '../round/privacy';
import { deriveEpoch } from '../epoch/verified-epoch';
import { type RouterState, type RouterStep } from './state';

/**
 * Ends a router's part in a round that nobody has shown an outcome of: what it took is spent, and its charge stays, which leaves the window of the
 * ledger like any other. No events while an outcome may still come, or for a round that has one.
 */
export function settleUndecided(state: RouterState, key: string, nowMs: number): RouterStep<undefined> {
  const participation = state.participations.get(key);
  const isOver =
    participation !== undefined &&
    participation.outcome === undefined &&
    nowMs > chargeEndMs(deriveEpoch(participation.epochCertificate).epoch);
  return { events: isOver ? [{ type: 'round-settled', key, outcome: 'undecided' }] : [], reply: undefined };
}
