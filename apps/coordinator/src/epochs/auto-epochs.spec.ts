import { randomBytes } from 'node:crypto';
import { type CoordinatorState, LocalFleet, updateFleet, policyTerms, signPolicy, signRoster } from '@secagg/protocol';
import { policyMessage, rosterMessage } from '@secagg/schema';
import { Changes } from '../changes';
import { type Engine } from '../engine';
import { JournaledState } from '../journaled-state';
import { AutoEpochs, epochNeeded } from './auto-epochs';

const start = Date.UTC(2026, 0, 1);
const year = 365 * 86_400_000;
const settings = { lifetimeMs: 100_000, renewBeforeMs: 10_000, setupTimeoutMs: 1000 };

function trial() {
  const fleet = new LocalFleet({ routers: 4, committee: { size: 4, threshold: 2 }, random: randomBytes, nowMs: start });
  const clock = { now: start };
  const { state } = fleet.coordinator;
  const journal = new JournaledState(
    state,
    {
      append: async () => undefined,
      releaseRound: async () => undefined,
      releaseEpochs: async () => undefined,
      isLocked: false,
      checkUnlocked: () => undefined,
    },
    (error) => {
      throw error;
    },
  );
  const engine = { journal, changes: new Changes(), now: () => clock.now } as Pick<
    Engine,
    'journal' | 'changes' | 'now'
  > as Engine;
  const started: [number, string][] = [];
  const epochs = new AutoEpochs(
    engine,
    settings,
    (epoch, why) => started.push([epoch, why]),
    (error) => {
      throw error;
    },
  );
  const look = async (atMs: number) => {
    clock.now = start + atMs;
    await epochs.look();
    return started.map(([epoch]) => epoch);
  };
  return { fleet, state, look, started };
}

/** New versions of the documents, with `revoked` serials. */
function republish(fleet: LocalFleet, state: CoordinatorState, what: { policy?: boolean; revoked?: number[] }) {
  const { v: _v, fleet: _fleet, ...policy } = policyMessage.decode(state.view.documents.policy.body);
  const roster = rosterMessage.decode(state.view.documents.roster.body);
  return updateFleet(state.view, {
    policy: what.policy
      ? signPolicy(fleet.authority, policyTerms({ ...policy, version: policy.version + 1 }))
      : state.view.documents.policy,
    roster: what.revoked
      ? signRoster(fleet.authority, {
          version: roster.version + 1,
          issuedAtMs: start,
          notAfterMs: start + year,
          certificates: roster.certificates,
          revokedSerials: what.revoked,
        })
      : state.view.documents.roster,
  });
}

describe('epochs by themselves', () => {
  it('starts one when there is none, and gives it time', async () => {
    const { look } = trial();
    expect(await look(0)).toEqual([1]);
    expect(await look(999)).toEqual([1]);
  });

  it('tries again under the next number when a set-up does not complete, ever more patiently', async () => {
    const { look } = trial();
    expect(await look(0)).toEqual([1]);
    expect(await look(1000)).toEqual([1, 2]);
    expect(await look(2999)).toEqual([1, 2]);
    expect(await look(3000)).toEqual([1, 2, 3]);
    expect(await look(6999)).toEqual([1, 2, 3]);
    expect(await look(7000)).toEqual([1, 2, 3, 4]);
  });

  it('leaves an epoch in force alone until it is about to end, or the policy has changed, or a member is revoked', () => {
    const { fleet, state } = trial();
    fleet.startEpoch(start);
    const endMs = state.epoch?.body.not_after_ms as number;
    expect(epochNeeded(state, settings, endMs - 10_000)).toBeUndefined();
    expect(epochNeeded(state, settings, endMs - 9999)).toBe('it is about to end');
    for (const event of republish(fleet, state, { revoked: [99] }))
      fleet.coordinator.commit({ events: [event], reply: undefined });
    expect(epochNeeded(state, settings, start)).toBeUndefined();
    for (const event of republish(fleet, state, { revoked: [99, 2] }))
      fleet.coordinator.commit({ events: [event], reply: undefined });
    expect(epochNeeded(state, settings, start)).toBe('router-0 is no member any more: revoked');
    for (const event of republish(fleet, state, { policy: true }))
      fleet.coordinator.commit({ events: [event], reply: undefined });
    expect(epochNeeded(state, settings, start)).toBe('the policy has changed');
  });

  it('replaces an epoch that was made while the clock was ahead, and waits for no set-up of then', async () => {
    const { fleet, state, look, started } = trial();
    const ahead = 91 * 86_400_000;
    fleet.startEpoch(start + ahead);
    expect(epochNeeded(state, settings, start + ahead)).toBeUndefined();
    expect(await look(0)).toEqual([2]);
    expect(started[0][1]).toBe('it lasts longer than any may: a clock was ahead when it was made');
    // One that nobody completes, begun while it is ahead once more.
    expect(await look(ahead)).toEqual([2]);
    fleet.startEpoch(start);
    expect(await look(1)).toEqual([2]);
    expect(await look(ahead)).toEqual([2, 4]);
    expect(await look(2)).toEqual([2, 4]);
  });

  it('counts no time that a clock was ahead by', async () => {
    const { look } = trial();
    expect(await look(50_000)).toEqual([1]);
    expect(await look(0)).toEqual([1, 2]);
  });

  it('does not wait for a set-up under documents that are not the newest', async () => {
    const { fleet, state, look } = trial();
    expect(await look(0)).toEqual([1]);
    for (const event of republish(fleet, state, { revoked: [99] }))
      fleet.coordinator.commit({ events: [event], reply: undefined });
    expect(await look(1)).toEqual([1, 2]);
  });
});
