/**
 * A round without an outcome: charged in full, once its epoch is over for good (docs/protocol.md, "Privacy cost and
 * ledger").
 */
import { roundConfigMessage } from '@secagg/schema';
import { chargeEndMs, worstCaseUnits } from '../round/privacy';
import { deriveEpoch } from '../epoch/verified-epoch';
import { type Step } from '../role';
import { type RouterEvent, type RouterState } from './state';

/**
 * Ends a router's part in a round that nobody has shown an outcome of: its charge stays, which leaves the window of the
 * ledger like any other. What the round took may have been published, and waits again with that charge. No events while
 * an outcome may still come, or for a round that has one.
 * @returns what the round is charged, in units of 2^-40 rho
 */
export function settleUndecided(state: RouterState, key: string, nowMs: number): Step<RouterEvent, number> {
  const participation = state.participations.get(key);
  const isOver =
    participation !== undefined &&
    participation.outcome === undefined &&
    nowMs > chargeEndMs(deriveEpoch(participation.epochCertificate).body);
  if (!isOver) return { events: [], reply: 0 };
  const charged = worstCaseUnits(roundConfigMessage.decode(participation.announcement.body));
  return { events: [{ type: 'round-settled', key, outcome: 'undecided' }], reply: charged };
}
