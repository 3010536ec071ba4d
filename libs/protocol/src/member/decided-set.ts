/** The set that a quorum decided to open (docs/protocol.md, "Deciding"). */
import { type Bytes, decisionMessage, type Signed } from '@secagg/schema';
import { ensure, refuse } from '../checks/check';
import { sameBytes } from '../wire/bytes';
import { type ContributionSet } from '../round/contribution-set';
import { type VerifiedDecision, verifyDecision } from '../round/decision';
import { type OpenedViews } from './check-views';
import { setOfProposal } from './vote-ready';

/** Verifies that a quorum decided to open exactly the set that follows from the proposal. Throws `no_decision`. */
export function decidedSet(
  opened: OpenedViews,
  proposal: Signed,
  decisionBytes: Bytes,
): { set: ContributionSet; decision: VerifiedDecision } {
  const decision = verifyDecision(opened.round, decisionMessage.decode(decisionBytes));
  const { body } = decision;
  const { round: number } = opened.round.config;
  if (body.kind !== 'ready') refuse('decision.kind', 'no_decision', 'the round was aborted', { round: number });
  const { set, body: expected } = setOfProposal(opened, proposal);
  const same =
    expected.kind === 'ready' &&
    expected.groups.length === body.groups.length &&
    sameBytes(expected.reports_hash, body.reports_hash) &&
    expected.groups.every(
      (group, i) =>
        group.group === body.groups[i].group &&
        group.size === body.groups[i].size &&
        sameBytes(group.set_root, body.groups[i].set_root),
    );
  ensure('decision.set', same, 'no_decision', 'the decision is about another set', { round: number });
  return { set, decision };
}
