/** Whether the coordinator wants a round aborted (docs/protocol.md, "Deciding"). */
import { type AbortReason, abortRequestMessage, type WorkItem } from '@secagg/schema';
import { ensure, refuse, under } from '../checks/check';
import { openUnder } from '../checks/open-under';
import { certificateOf } from '../fleet/fleet-view';
import { checkInRound } from '../round/contribution-set';
import { type VerifiedRound } from '../round/verified-round';

/**
 * Why the coordinator wants the round aborted, when it has signed that it does. Throws `bad_signature`, also without a
 * request, as whoever sits on the line can make one up; `wrong_config` for a request about another round; `policy` for
 * one of the future.
 */
export function askedToAbort(
  round: VerifiedRound,
  { request }: Pick<Extract<WorkItem, { kind: 'abort' }>, 'request' | 'reason'>,
  nowMs: number,
): AbortReason {
  const { view, config } = round;
  const at = { party: config.coordinator, round: config.round };
  if (!request)
    refuse('abort.signed', 'bad_signature', 'the coordinator has not signed that the round is to be aborted', at);
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
