/** Votes to abort a round (docs/protocol.md, "Deciding"). */
import { type AbortReason, type Vote } from '@secagg/schema';
import { inRound, type VerifiedRound } from '../round/verified-round';
import { type Step } from '../role';
import { type OpenedViews } from './check-views';
import { type MemberEvent, type MemberState } from './state';
import { castVote, heldVote } from './cast-vote';

/**
 * Votes `abort`. Needs no proof that it is right to: whoever has voted abort never votes ready, so with an abort
 * decision nothing is ever opened.
 * @param reason from {@link askedToAbort}; not counted
 */
export function voteAbort(
  state: MemberState,
  round: VerifiedRound,
  member: OpenedViews['member'],
  reason: AbortReason,
): Step<MemberEvent, Vote> {
  const held = heldVote(state, round);
  if (held) return { events: [], reply: held };
  return castVote(state, round, member, { ...inRound(round), kind: 'abort', reason });
}
