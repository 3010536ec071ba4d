/** A clock that was 91 days ahead, and is right again: what was made then counts for nothing, and holds nothing up. */
import { announceRound, epochInForce } from '../src';
import { codeOf, now, plan, quietFleet, Scenario } from './support/scenario';

const ahead = now + 91 * 86_400_000;

it('an epoch of then is none, at all parties, and is replaced by the next', () => {
  const fleet = quietFleet(4, 2, 4);
  fleet.startEpoch(now);
  fleet.startEpoch(ahead);
  const { state } = fleet.coordinator;
  expect(state.epoch?.body.epoch).toBe(2);
  expect(epochInForce(state, now)).toBeUndefined();
  expect(epochInForce(state, ahead)?.body.epoch).toBe(2);
  expect(codeOf(() => fleet.announce(plan, now))).toBe('committee_unavailable');

  fleet.startEpoch(now);
  expect(epochInForce(state, now)?.body.epoch).toBe(3);
  const scenario = new Scenario(fleet).contribute().finish();
  expect(scenario.config.epoch).toBe(3);
  scenario.expectExactly(fleet.routers);
});

it('members are shown no certificate of then', () => {
  const fleet = quietFleet(4, 2, 4);
  fleet.startEpoch(ahead);
  const shown = (atMs: number) => fleet.coordinator.work(fleet.members[0].identity.id, atMs).length;
  expect(shown(now)).toBeLessThan(shown(ahead));
});

describe('a round of then', () => {
  it('that takes contributions is closed, ends undecided, and keeps no other from being announced', () => {
    const fleet = quietFleet(4, 2, 4);
    const early = new Scenario(fleet, {}, ahead).contribute();
    expect(early.round.phase).toBe('collecting');
    fleet.startEpoch(now);
    const announce = () =>
      announceRound(fleet.coordinator.state, fleet.coordinator.context, { ...plan, cluster: fleet.cluster }, now);
    expect(early.round.phase).toBe('undecided');
    expect(codeOf(announce)).toBeUndefined();
    new Scenario(fleet).contribute().finish().expectExactly(fleet.routers);
  });

  it('that was closed then is not waited for', () => {
    const fleet = quietFleet(4, 2, 4);
    const scenario = new Scenario(fleet, {}, ahead).contribute();
    const { coordinator } = fleet;
    coordinator.tick(scenario.closeMs);
    for (const member of fleet.members.slice(0, 3)) member.work(coordinator, scenario.closeMs);
    coordinator.tick(scenario.closeMs + 2000);
    expect(scenario.round.phase).toBe('voting');
    coordinator.tick(now);
    expect(scenario.round.phase).toBe('undecided');
  });

  it('that was decided then is answered by one member after the other all the same', () => {
    const fleet = quietFleet(4, 2, 4);
    const scenario = new Scenario(fleet, {}, ahead).contribute();
    const { coordinator } = fleet;
    const members = fleet.members.slice(0, 3);
    coordinator.tick(scenario.closeMs);
    for (const member of members) member.work(coordinator, scenario.closeMs);
    coordinator.tick(scenario.closeMs + 2000);
    for (const member of members) member.work(coordinator, scenario.closeMs + 2000);
    expect(scenario.round.phase).toBe('answering');
    // Only two of them are left, and the pieces were the third one's to send.
    for (let turn = 0; turn < 8; turn++) {
      const atMs = now + turn * coordinator.context.timings.answerGraceMs;
      for (const member of members.slice(0, 2)) member.work(coordinator, atMs);
      coordinator.tick(atMs);
    }
    expect(scenario.round.answers.size).toBe(2);
  });
});
