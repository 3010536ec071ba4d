/** What a round is charged at its worst case (docs/protocol.md, "Privacy cost and ledger"). */
import { decideCharge, type LedgerEvent } from '@secagg/dp-noise';
import { SecaggError } from '@secagg/schema';
import { refuse } from '../checks/check';
import { hex } from '../wire/bytes';
import { effectiveBudget } from '../round/budget';
import { chargeEndMs, withNoise, worstCaseUnits } from '../round/privacy';
import { type VerifiedRound } from '../round/verified-round';
import { type RouterContext, type RouterState } from './state';

/**
 * The charge for a round at its worst case, or undefined for one without noise. Throws `budget_exhausted`,
 * `stale_round`.
 */
export function decideRoundCharge(
  state: RouterState,
  context: RouterContext,
  round: VerifiedRound,
  nowMs: number,
  carriedUnits = 0,
): LedgerEvent | undefined {
  if (!withNoise(round.config)) return undefined;
  const request = {
    cluster: round.config.cluster,
    round: round.config.round,
    configHash: hex(round.configHash),
    units: worstCaseUnits(round.config),
    carriedUnits,
    endMs: chargeEndMs(round.epoch.body),
  };
  const decision = decideCharge(state.ledger, effectiveBudget(context.limits, round.policy), request, nowMs);
  if (decision.outcome === 'charged') return decision.event;
  const { round: number } = round.config;
  if (decision.outcome === 'already_charged' || decision.code !== 'budget_exhausted') {
    const code = decision.outcome === 'already_charged' ? 'stale_round' : decision.code;
    return refuse('ledger.once', code, `round ${number} is not above those charged already`, { round: number });
  }
  const { availableAtMs, remainingUnits } = decision;
  if (carriedUnits > 0 && remainingUnits >= request.units)
    throw new SecaggError('budget_exhausted', `a request in round ${number} has been charged too much before`, {
      round: number,
      check: 'limits.request',
      carriedUnits,
    });
  const until =
    availableAtMs === null ? '' : `; the window gives budget back at ${new Date(availableAtMs).toISOString()}`;
  throw new SecaggError('budget_exhausted', `round ${number} does not fit the privacy budget${until}`, {
    round: number,
    check: 'limits.budget',
    availableAtMs,
    remainingUnits,
  });
}
