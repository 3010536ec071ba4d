/** Settles a round by a quorum's abort decision (docs/protocol.md, "Deciding"). */
import { decideRelease } from '@secagg/dp-noise';
import { type Decision } from '@secagg/schema';
import { ensure } from '../checks/check';
import { hex } from '../wire/bytes';
import { verifyDecision } from '../round/decision';
import { type Step } from '../role';
import { type RouterEvent, type RouterState } from './state';
import { answeredRound, isSettled, ledgerPart, participationOf } from './participation';

/** Takes observations back and releases the charge on a quorum's abort decision, and on nothing less. */
export function settleAborted(
  state: RouterState,
  key: string,
  decision: Decision,
  nowMs: number,
): Step<RouterEvent, undefined> {
  const participation = participationOf(state, key);
  if (isSettled(participation)) return { events: [], reply: undefined };
  const round = answeredRound(state.view, participation);
  const isAbort = verifyDecision(round, decision).body.kind === 'abort';
  ensure('decision.kind', isAbort, 'no_decision', 'the decision is not an abort', { round: round.config.round });
  const released = decideRelease(
    state.ledger,
    { cluster: round.config.cluster, round: round.config.round, configHash: hex(round.configHash) },
    nowMs,
  );
  const ledger = released.outcome === 'settled' ? released.event : undefined;
  return { events: [{ type: 'round-settled', key, outcome: 'aborted', ...ledgerPart(ledger) }], reply: undefined };
}
