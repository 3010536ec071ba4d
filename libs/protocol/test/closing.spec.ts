/**
 * A member reports once, and only on the list of contributions that the coordinator signed when the round closed
 * (docs/protocol.md, "Checking and reporting").
 */
import { type Closing, closingMessage, type MemberViews, memberViewsMessage, type Signed } from '@secagg/schema';
import { checkClosing, type LocalCoordinator, type LocalMember, signClosing, signDocument } from '../src';
import { indexOf, openedBy, viewsOf } from './support/opened';
import { codeOf, quietFleet, Scenario } from './support/scenario';

function closed() {
  const fleet = quietFleet(4, 2, 4);
  const scenario = new Scenario(fleet).contribute();
  const { coordinator } = fleet;
  coordinator.tick(scenario.closeMs);
  return { fleet, scenario, coordinator, member: fleet.members[0] };
}

/** The coordinator as a member sees it through somebody who changes what it is shown. */
function through(coordinator: LocalCoordinator, change: (shown: MemberViews) => MemberViews): LocalCoordinator {
  const front = Object.create(coordinator) as LocalCoordinator;
  front.views = (key, member) =>
    memberViewsMessage.encode(change(memberViewsMessage.decode(coordinator.views(key, member))));
  return front;
}

const reportOf = ({ state }: LocalMember, { key }: Scenario) => state.rounds.get(key)?.report;
const work = (member: LocalMember, coordinator: LocalCoordinator, atMs: number) =>
  codeOf(() => member.work(coordinator, atMs));

it.each<[string, (shown: MemberViews) => MemberViews]>([
  ['a shorter list', ({ views, ...rest }) => ({ ...rest, views: views.slice(1) })],
  ['no contributions', (shown) => ({ ...shown, views: [] })],
  ['a shorter list without the signed one', ({ views, closing: _, ...rest }) => ({ ...rest, views: views.slice(1) })],
  ['the list without the signed one', ({ closing: _, ...rest }) => rest],
])('%s uses no report up', (_name, change) => {
  const { coordinator, scenario, member } = closed();
  work(member, through(coordinator, change), scenario.closeMs);
  expect(reportOf(member, scenario)).toBeUndefined();
  expect(work(member, coordinator, scenario.closeMs)).toBeUndefined();
  expect(reportOf(member, scenario)?.report.headers_root).toEqual(scenario.round.headersRoot);
  scenario.finish();
  expect(scenario.round.phase).toBe('published');
});

it('the signed list is of this round, by its coordinator, and of these contributions', () => {
  const { fleet, coordinator, scenario, member } = closed();
  const opened = openedBy(scenario, member);
  const signed = signClosing(scenario.round, coordinator.context);
  const closing = closingMessage.decode(signed.body);
  const { identity } = coordinator.context;
  const by = (change: Partial<Closing>, secretKey = identity.secretKey): Signed =>
    signDocument(closingMessage, closing.fleet, { ...closing, ...change }, secretKey);
  const refused = (other: Signed | undefined) => codeOf(() => checkClosing(opened, other));
  expect(refused(signed)).toBeUndefined();
  expect(refused(undefined)).toBe('bad_signature');
  expect(refused(by({}, fleet.routers[0].identity.secretKey))).toBe('bad_signature');
  expect(refused(by({ round: (closing.round + 1) as never }))).toBe('wrong_config');
  expect(refused(by({ config_hash: new Uint8Array(32) }))).toBe('wrong_config');
  expect(refused(by({ epoch_hash: new Uint8Array(32) }))).toBe('wrong_config');
  expect(refused(by({ headers_root: new Uint8Array(32) }))).toBe('bad_proposal');
  expect(refused(by({ count: closing.count - 1 }))).toBe('bad_proposal');
  const shorter = openedBy(scenario, member, viewsOf(scenario, member).slice(1));
  expect(codeOf(() => checkClosing(shorter, signed))).toBe('bad_proposal');
});

it('a coordinator signs no list before the close, and the same one each time after it', () => {
  const { scenario, coordinator, member } = closed();
  const first = signClosing(scenario.round, coordinator.context);
  expect(signClosing(scenario.round, coordinator.context)).toEqual(first);
  expect(memberViewsMessage.decode(coordinator.views(scenario.key, indexOf(scenario, member))).closing).toEqual(first);
  const open = new Scenario(quietFleet(4, 2, 4));
  expect(codeOf(() => signClosing(open.round, open.fleet.coordinator.context))).toBe('stale_round');
});
