/**
 * A member votes once a round: also after a restart, on another proposal, on another configuration, and after its epoch
 * is gone.
 */
import { decodeCanonical, encodeCanonical, voteBodyMessage } from '@secagg/schema';
import {
  emptyMember,
  epochsToErase,
  evolveMember,
  type LocalFleet,
  type LocalMember,
  type MemberEvent,
  type MemberState,
  type OpenedViews,
  report,
  voteAbort,
  voteReady,
} from '../src';
import { openedBy, indexOf } from './support/opened';
import { codeOf, now, quietFleet, Scenario } from './support/scenario';

/** Records what the member makes durable, as it would be read back. */
function journalled(member: LocalMember): () => MemberState {
  const journal: Uint8Array[] = [];
  member.onEvent = (event) => journal.push(encodeCanonical(event));
  return () => {
    const state = emptyMember(member.state.view);
    for (const bytes of journal) evolveMember(state, decodeCanonical(bytes) as MemberEvent);
    return state;
  };
}

function voted() {
  const fleet = quietFleet(4, 2, 4);
  const restart = journalled(fleet.members[0]);
  const scenario = new Scenario(fleet).contribute().finish();
  const opened = openedBy(scenario, fleet.members[0]);
  const { proposal, votes } = scenario.round;
  if (!proposal) throw new Error('nothing was proposed');
  return {
    fleet,
    scenario,
    restart,
    member: fleet.members[0],
    opened,
    proposal: proposal.signed,
    held: votes.get(indexOf(scenario, fleet.members[0]))?.vote,
  };
}

it('after a restart it sends the vote it has, and votes for nothing else', () => {
  const { scenario, restart, member, opened, proposal, held } = voted();
  const state = restart();
  expect(voteReady(state, opened, proposal)).toEqual({ events: [], reply: held });
  expect(voteAbort(state, scenario.round.verified, opened.member, 'policy')).toEqual({ events: [], reply: held });
  const nonsense = { body: new Uint8Array(3), signature: new Uint8Array(64) };
  expect(codeOf(() => voteReady(state, opened, nonsense))).toBe('bad_signature');
  expect(voteBodyMessage.decode(held?.body as Uint8Array).kind).toBe('ready');
  expect(member.state.rounds.get(scenario.key)?.vote).toEqual(held);
});

it('having voted abort, it never votes ready', () => {
  const { fleet, opened, proposal, scenario } = voted();
  // Another member, which was not asked before.
  const state: MemberState = { ...fleet.members[1].state, rounds: new Map() };
  const own = { ...opened, member: indexOf(scenario, fleet.members[1]) };
  const abort = voteAbort(state, scenario.round.verified, own.member, 'no_valid_proposal');
  for (const event of abort.events) evolveMember(state, event);
  expect(voteReady(state, own, proposal)).toEqual({ events: [], reply: abort.reply });
});

it('it reports once: other contributions are refused, the same ones get the report it has', () => {
  const { restart, opened, scenario } = voted();
  const state = restart();
  expect(report(state, opened)).toEqual({ events: [], reply: scenario.round.reports.get(opened.member)?.signed });
  expect(codeOf(() => report(state, { ...opened, headers: opened.headers.slice(1), root: new Uint8Array(32) }))).toBe(
    'bad_proposal',
  );
});

it('a second configuration of the round in the same epoch gets no vote', () => {
  const { fleet, scenario, member } = voted();
  fleet.coordinator.state.latestRound.set(fleet.cluster, scenario.config.round - 1);
  fleet.coordinator.forget(scenario.key);
  const again = new Scenario(fleet, { maxParticipants: 32 });
  expect(again.key).toBe(scenario.key);
  expect(codeOf(() => voteAbort(member.state, again.round.verified, indexOf(again, member), 'policy'))).toBe(
    'already_voted',
  );
});

it("a round announced again in a later epoch gets no second vote, although the first epoch's secrets are erased", () => {
  const { fleet, scenario: first, restart, member } = voted();
  const second = new Scenario(fleet).contribute().finish();
  const old = first.config.epoch;
  fleet.startEpoch(now);
  for (const event of epochsToErase(member.state, new Map([[old, now]]), 0, now + 1))
    member.commit({ events: [event], reply: undefined });
  expect([...member.state.seats.keys()]).toEqual([old + 1]);

  fleet.coordinator.state.latestRound.set(fleet.cluster, 0);
  for (const { key } of [first, second]) fleet.coordinator.forget(key);
  const [firstAgain, secondAgain] = [new Scenario(fleet), new Scenario(fleet)];
  expect([firstAgain.key, secondAgain.key]).toEqual([first.key, second.key]);
  for (const state of [member.state, restart()]) {
    expect(codeOf(() => voteAbort(state, firstAgain.round.verified, indexOf(firstAgain, member), 'policy'))).toBe(
      'stale_round',
    );
    expect(codeOf(() => report(state, openedAgain(firstAgain, member)))).toBe('stale_round');
    expect(codeOf(() => voteAbort(state, secondAgain.round.verified, indexOf(secondAgain, member), 'policy'))).toBe(
      'already_voted',
    );
  }
  const third = new Scenario(fleet);
  expect(voteAbort(member.state, third.round.verified, indexOf(third, member), 'policy').events).toHaveLength(1);
});

function openedAgain(scenario: Scenario, member: LocalMember): OpenedViews {
  scenario.fleet.coordinator.tick(scenario.closeMs);
  return openedBy(scenario, member);
}

it('a member restored without its epoch secrets has lost its seat', () => {
  const { fleet, scenario, member, opened, proposal } = voted();
  const seats = new Map([...member.state.seats].map(([epoch, { secrets: _secrets, ...seat }]) => [epoch, seat]));
  const restored: MemberState = { ...member.state, seats, rounds: new Map() };
  expect(codeOf(() => voteReady(restored, opened, proposal))).toBe('no_seat');
  expect(codeOf(() => voteAbort(restored, scenario.round.verified, opened.member, 'policy'))).toBe('no_seat');
  expect(codeOf(() => report(restored, opened))).toBe('no_seat');
  expect(fleet.members).toContain(member);
});

describe('a round with a number far above all others', () => {
  const skipTo = (fleet: LocalFleet, round: number) =>
    fleet.coordinator.state.latestRound.set(fleet.cluster, round - 1);
  const abort = (scenario: Scenario, member: LocalMember) =>
    voteAbort(member.state, scenario.round.verified, indexOf(scenario, member), 'policy');

  it.each([
    ['the highest there is', Number.MAX_SAFE_INTEGER],
    ['one past what may follow the highest spoken about', 1 + 2 ** 20 + 1],
  ])('is not spoken about: %s', (_name, number) => {
    const { fleet, member } = voted();
    skipTo(fleet, number);
    const far = new Scenario(fleet);
    expect(codeOf(() => abort(far, member))).toBe('policy');
    expect(codeOf(() => report(member.state, openedAgain(far, member)))).toBe('policy');
    skipTo(fleet, number - 1);
    expect(codeOf(() => abort(new Scenario(fleet), member))).toBe(number < 2 ** 32 ? undefined : 'policy');
  });

  it('is not spoken about by a member that has spoken about none', () => {
    const fleet = quietFleet(4, 2, 4);
    skipTo(fleet, 2 ** 32 + 1);
    expect(codeOf(() => abort(new Scenario(fleet), fleet.members[0]))).toBe('policy');
    skipTo(fleet, 2 ** 32);
    expect(codeOf(() => abort(new Scenario(fleet), fleet.members[0]))).toBeUndefined();
  });

  it('and an abort of it keeps a member from no round below, also when its epoch is erased', () => {
    const { fleet, scenario: first, restart, member } = voted();
    skipTo(fleet, 2 ** 20);
    const far = new Scenario(fleet);
    member.commit(abort(far, member));
    const old = far.config.epoch;
    fleet.startEpoch(now);
    for (const event of epochsToErase(member.state, new Map([[old, now]]), 0, now + 1))
      member.commit({ events: [event], reply: undefined });
    fleet.coordinator.forget(far.key);
    skipTo(fleet, 2);
    const next = new Scenario(fleet);
    for (const state of [member.state, restart()]) {
      expect(voteAbort(state, next.round.verified, indexOf(next, member), 'policy').events).toHaveLength(1);
      // What it has spoken about it does not speak about again.
      expect(state.rounds.get(first.key)).toEqual({ epoch: old });
      expect(state.rounds.get(far.key)?.vote).toBeDefined();
    }
  });
});
