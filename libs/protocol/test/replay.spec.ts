/**
 * Events, as a journal writes and reads them, rebuild every role's state: at the end, and wherever a restart may fall.
 */
import { type Bytes, decodeCanonical, encodeCanonical } from '@secagg/schema';
import {
  type CoordinatorEvent,
  type CoordinatorState,
  emptyCoordinator,
  emptyMember,
  emptyRouter,
  evolveCoordinator,
  evolveMember,
  evolveRouter,
  LocalFleet,
  type MemberEvent,
  type RouterEvent,
  updateFleet,
} from '../src';
import { everything } from './support/everything';
import { now, random } from './support/scenario';
import { fingerprint } from './support/fingerprint';

const fleet = new LocalFleet({ routers: 5, committee: { size: 4, threshold: 2 }, random, nowMs: now });
const { view, coordinator, members, routers } = fleet;

/** Writes down every event when it happens; states as they were after some of them. */
const journal = <Event>(party: { state: unknown; onEvent: (event: Event) => void }, every: number) => {
  const entries: Bytes[] = [];
  const states = new Map<number, string>();
  party.onEvent = (event) => {
    if (entries.length % every === 0) states.set(entries.length, fingerprint(party.state));
    entries.push(encodeCanonical(event));
  };
  return { entries, states };
};
const replay = <State, Event>(
  empty: () => State,
  evolve: (state: State, event: Event) => void,
  entries: readonly Bytes[],
): State => {
  const state = empty();
  for (const bytes of entries) evolve(state, decodeCanonical(bytes) as Event);
  return state;
};

const journals = {
  coordinator: journal<CoordinatorEvent>(coordinator, 10),
  members: members.map((member) => journal<MemberEvent>(member, 1)),
  routers: routers.map((router) => journal<RouterEvent>(router, 1)),
};
everything(fleet);

it('of the coordinator', () => {
  const { entries, states } = journals.coordinator;
  const restore = (count: number): CoordinatorState =>
    replay(() => emptyCoordinator(view), evolveCoordinator, entries.slice(0, count));
  expect(fingerprint(restore(entries.length))).toBe(fingerprint(coordinator.state));
  for (const [count, state] of states) expect([count, fingerprint(restore(count))]).toEqual([count, state]);
  expect(new Set(entries.map((bytes) => (decodeCanonical(bytes) as CoordinatorEvent).type))).toEqual(
    new Set([
      'fleet-updated',
      'epoch-started',
      'seat-taken',
      'epoch-proposed',
      'epoch-signed',
      'round-announced',
      'contribution-accepted',
      'round-closed',
      'report-received',
      'round-proposed',
      'abort-proposed',
      'vote-received',
      'transfer-received',
      'answer-received',
      'round-published',
      'round-undecided',
    ]),
  );
});

it.each(members.map((member, i) => [member.identity.id, i] as const))('of member %s', (_id, i) => {
  const { entries, states } = journals.members[i];
  const restore = (count: number) => replay(() => emptyMember(view), evolveMember, entries.slice(0, count));
  expect(fingerprint(restore(entries.length))).toBe(fingerprint(members[i].state));
  for (const [count, state] of states) expect([count, fingerprint(restore(count))]).toEqual([count, state]);
});

it.each(routers.map((router, i) => [router.identity.id, i] as const))('of router %s', (_id, i) => {
  const { entries, states } = journals.routers[i];
  const restore = (count: number) => replay(() => emptyRouter(view), evolveRouter, entries.slice(0, count));
  expect(fingerprint(restore(entries.length))).toBe(fingerprint(routers[i].state));
  for (const [count, state] of states) expect([count, fingerprint(restore(count))]).toEqual([count, state]);
});

it('documents already known make no event', () =>
  expect(updateFleet(coordinator.state.view, coordinator.state.view.documents)).toEqual([]));
