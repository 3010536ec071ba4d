/**
 * Votes for both decisions decide nothing: members are asked to abort only while they can, and vote ready where they
 * can.
 */
import { workMessage } from '@secagg/schema';
import { type LocalMember } from '../src';
import { quietFleet, Scenario } from './support/scenario';

const TIMEOUT_MS = 20_000;

/**
 * Closed, proposed on by three reports, with as many `ready` votes; the fourth member is down. Then the time for votes
 * is over.
 */
function slow(ready: number) {
  const fleet = quietFleet(4, 2, 4);
  const scenario = new Scenario(fleet).contribute();
  const { coordinator } = fleet;
  const members = fleet.members.slice(0, 3);
  let atMs = scenario.closeMs;
  coordinator.tick(atMs);
  for (const member of members) member.work(coordinator, atMs);
  coordinator.tick((atMs += coordinator.context.timings.reportGraceMs));
  expect(scenario.round.phase).toBe('voting');
  for (const member of members.slice(0, ready)) member.work(coordinator, atMs);
  coordinator.tick((atMs = scenario.closeMs + 2 * TIMEOUT_MS));
  expect(scenario.round.votes.size).toBe(ready);
  const asked = ({ identity }: LocalMember): string[] =>
    workMessage.decode(coordinator.work(identity.id, atMs)).items.map(({ kind }) => kind);
  const work = (member: LocalMember) => {
    member.work(coordinator, atMs);
    coordinator.tick(atMs);
  };
  return { scenario, members, asked, work };
}

it('with too many votes `ready` for an abort, the others are asked for theirs only, and the round is opened', () => {
  const { scenario, members, asked, work } = slow(2);
  expect(scenario.round.phase).toBe('voting');
  expect(asked(members[2])).toEqual(['vote']);
  work(members[2]);
  expect(scenario.round.phase).toBe('answering');
});

it.each([0, 1])('with %d votes `ready` an abort is possible, and members that can vote `ready` do', (ready) => {
  const { scenario, members, asked, work } = slow(ready);
  expect(scenario.round.phase).toBe('aborting');
  expect(asked(members[2])).toEqual(['vote', 'abort']);
  for (const member of members.slice(ready)) work(member);
  expect([...scenario.round.votes.values()].map(({ body }) => body.kind)).toEqual(['ready', 'ready', 'ready']);
  expect(scenario.round.phase).toBe('answering');
});

it('members are asked to abort no longer when too many have voted `ready` since', () => {
  const { scenario, members, asked, work } = slow(0);
  for (const member of members.slice(0, 2)) work(member);
  expect(scenario.round.phase).toBe('aborting');
  expect(asked(members[2])).toEqual(['vote']);
});
