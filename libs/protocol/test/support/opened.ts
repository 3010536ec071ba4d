/** A member's own look at a closed round, outside of its machinery: what it could do with it if it wanted. */
import { decisionMessage, type MemberIndex, memberViewsMessage, type MemberView } from '@secagg/schema';
import { decidedSet, type LocalMember, openViews, type OpenedViews } from '../../src';
import { type Scenario } from './scenario';

export const indexOf = (scenario: Scenario, member: LocalMember): MemberIndex =>
  scenario.round.verified.epoch.body.members.findIndex((entry) => entry.id === member.identity.id) as MemberIndex;

export const viewsOf = (scenario: Scenario, member: LocalMember): MemberView[] =>
  memberViewsMessage.decode(scenario.fleet.coordinator.views(scenario.key, indexOf(scenario, member))).views;

/** @param views other than all contributions, when the coordinator shows others */
export function openedBy(scenario: Scenario, member: LocalMember, views = viewsOf(scenario, member)): OpenedViews {
  const secrets = member.state.seats.get(scenario.config.epoch)?.secrets;
  if (!secrets) throw new Error('the member has no seat');
  return openViews(scenario.round.verified, indexOf(scenario, member), secrets.kemSecret, views);
}

export function decidedBy(scenario: Scenario, opened: OpenedViews): ReturnType<typeof decidedSet> {
  const { proposal, decision } = scenario.round;
  if (!proposal || !decision) throw new Error('the round is not decided');
  return decidedSet(opened, proposal.signed, decisionMessage.encode(decision.decision));
}
