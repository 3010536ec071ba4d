/** Without `abort.signed`, a member aborts what it is asked to abort. */
import { certificateOf } from '../../../src/fleet/fleet-view';
import { type AbortReason, abortRequestMessage, type WorkItem } from '@secagg/schema';
import { ensure, refuse, under } from '../../../src/checks/check';
import { openUnder } from '../../../src/checks/open-under';
import { checkInRound } from '../../../src/round/contribution-set';
import { type VerifiedRound } from '../../../src/round/verified-round';

export function askedToAbort(
  round: VerifiedRound,
  { request, reason = 'no_valid_proposal' }: Pick<Extract<WorkItem, { kind: 'abort' }>, 'request' | 'reason'>,
  nowMs: number,
): AbortReason {
  const { view, config } = round;
  const at = { party: config.coordinator, round: config.round };
  if (!request) {
    refuse('abort.signed', 'bad_signature', 'the coordinator has not signed that the round is to be aborted', at);
    return reason;
  }
  const { public_key } = certificateOf(view, config.coordinator, 'coordinator', config.round_time_ms);
  const asked = openUnder('abort.signed', abortRequestMessage, config.fleet, request, {
    key: public_key,
    id: config.coordinator,
  });
  under('abort.signed', () => checkInRound(round, asked, config.coordinator));
  const isPast = asked.at_ms <= nowMs + view.policy.clock_tolerance_ms;
  ensure('round.times', isPast, 'policy', 'the request to abort the round lies in the future', at);
  return asked.reason;
}
