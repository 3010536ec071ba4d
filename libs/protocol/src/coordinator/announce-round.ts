/** Announces the next round of a cluster (docs/protocol.md, "Announcement"). */
import { SecaggError, type Signed } from '@secagg/schema';
import { checkFresh } from '../fleet/freshness';
import { type Step } from '../role';
import { epochInForce } from './epochs-in-memory';
import { checkBudget } from './ledger';
import { nextRoundNumber } from './numbering';
import { planRound, type RoundPlan } from './plan-round';
import { type CoordinatorContext, type CoordinatorEvent, type CoordinatorState } from './state';

/**
 * Announces the next round of a cluster. Throws `committee_unavailable` without an epoch, `round_open` while another
 * round of the cluster takes contributions, `policy` for a plan below policy, `overloaded` for more rounds than the
 * rate allows, `stale_documents`.
 * @param beside announces it beside an open one: the routers' data is spread over both, and each costs
 */
export function announceRound(
  state: CoordinatorState,
  context: CoordinatorContext,
  plan: Omit<RoundPlan, 'round'>,
  nowMs: number,
  beside = false,
): Step<CoordinatorEvent, Signed> {
  checkFresh(state, nowMs);
  if (!beside) checkNoneOpen(state, plan.cluster);
  const epoch = epochInForce(state, nowMs);
  if (!epoch) throw new SecaggError('committee_unavailable', 'no epoch is in force');
  const number = nextRoundNumber(state, plan.cluster, nowMs);
  const round = planRound(state.view, epoch, context.identity, { ...plan, round: number as RoundPlan['round'] }, nowMs);
  checkBudget(state, round, nowMs);
  return { events: [{ type: 'round-announced', announcement: round.announcement }], reply: round.announcement };
}

function checkNoneOpen({ rounds }: CoordinatorState, cluster: string): void {
  const open = [...rounds.values()].find(
    ({ phase, verified: round }) => phase === 'collecting' && round.config.cluster === cluster,
  );
  if (!open) return;
  const { round, deadline_ms } = open.verified.config;
  const deadline = new Date(deadline_ms).toISOString();
  throw new SecaggError('round_open', `round ${round} of the cluster takes contributions until ${deadline}`, {
    round,
    deadline,
  });
}
