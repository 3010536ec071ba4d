import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalFleet, type MemberEvent, memberRole, takeSeat } from '@secagg/protocol';
import { decodeCanonical, defaultFields, encodeCanonical, type WorkItem } from '@secagg/schema';
import { useTestFolder } from '../../test/support/test-folder';
import { openCommitteeStore } from '../store/committee-store';

const random = (length: number) => new Uint8Array(randomBytes(length));
const nowMs = 1_800_000_000_000;
const folder = useTestFolder();

/** A fleet after one round, and all that one member has recorded. */
function fleetAfterARound(): { fleet: LocalFleet; events: MemberEvent[] } {
  const fleet = new LocalFleet({
    routers: 4,
    committee: { size: 3, threshold: 2 },
    random,
    nowMs,
    cluster: { unsafe_no_noise: true },
    limits: { unsafeNoNoise: true },
  });
  const events: MemberEvent[] = [{ type: 'fleet-updated', documents: fleet.view.documents }];
  fleet.members[0].onEvent = (event) => events.push(event);
  fleet.startEpoch(nowMs);
  const { key } = fleet.announce(
    {
      keys: ['a:b'],
      fields: defaultFields(),
      maxRequestsPerRouter: 5,
      minParticipantsPerGroup: 2,
      maxParticipants: 4,
      groups: 1,
      privacy: { unit: 'request', rho: 'unsafe-none', assumedColluders: 0, deltaInverse: 100_000 },
      sendDelayMs: 0,
      durationMs: 1000,
    },
    nowMs,
  );
  for (const router of fleet.routers)
    router.send(fleet.coordinator, key, router.contribution(fleet.coordinator, key, new Float64Array(3), nowMs));
  const { members, coordinator } = fleet;
  for (let i = 0; i < 6; i++) {
    coordinator.tick(nowMs + 2000);
    for (const member of members) member.work(coordinator, nowMs + 2000);
  }
  coordinator.tick(nowMs + 2000);
  expect(coordinator.state.rounds.get(key)?.phase).toBe('published');
  return { fleet, events };
}

describe("a member's memory", () => {
  it('is the same from its events and from a snapshot, and holds no secret either way', () => {
    const { fleet, events } = fleetAfterARound();
    const machine = memberRole(fleet.authority.publicKey);
    const records = events.map((event) => encodeCanonical(machine.record?.(event) ?? event));
    const replayed = machine.begin(decodeCanonical(records[0]) as MemberEvent);
    for (const record of records.slice(1)) machine.evolve(replayed, decodeCanonical(record) as MemberEvent);
    const snapshot = encodeCanonical(machine.snapshot(fleet.members[0].state));
    const restored = machine.restore(decodeCanonical(snapshot));
    expect(restored).toEqual(replayed);
    expect(restored.rounds).toEqual(fleet.members[0].state.rounds);

    const secrets = fleet.members[0].state.seats.get(1)?.secrets;
    for (const secret of [secrets?.kemSecret, secrets?.voteSecret]) {
      expect(secret).toHaveLength(32);
      for (const bytes of [...records, snapshot])
        expect(Buffer.from(bytes).includes(Buffer.from(secret as Uint8Array))).toBe(false);
    }
  });
});

describe('the store of a member', () => {
  const open = (fleet: LocalFleet, storeKey: Uint8Array) =>
    openCommitteeStore({
      dataDir: folder(),
      authorityKey: fleet.authority.publicKey,
      storeKey,
      member: 'router-0',
      random,
      onFailure: (error) => {
        throw error;
      },
    });
  const onDisk = (needle: Uint8Array): boolean =>
    readdirSync(folder()).some((name) => readFileSync(join(folder(), name)).includes(Buffer.from(needle)));

  it('keeps epoch secrets sealed, gives them back after a restart under the same key only, and leaves nothing when they are erased', async () => {
    const fleet = new LocalFleet({ routers: 1, committee: { size: 1, threshold: 1 }, random, nowMs });
    const { documents, policy, roster } = fleet.view;
    const storeKey = random(32);
    let store = await open(fleet, storeKey);
    store.journal.append([{ type: 'fleet-updated', documents }]);
    const terms = {
      kind: 'seat',
      epoch: 1,
      policy_version: policy.version,
      roster_version: roster.version,
      threshold: 1,
      sealing_suite: policy.sealing_suites[0],
      not_after_ms: nowMs + 1000,
    } as Extract<WorkItem, { kind: 'seat' }>;
    const { events } = takeSeat(store.journal.state, fleet.members[0], terms, random, nowMs);
    const [made] = events;
    if (made.type !== 'seat-made') throw new Error('no seat');
    const kem = made.secrets.kemSecret.slice();
    const sealed = await store.secrets.seal(1, made.secrets);
    store.journal.append(events, () => store.secrets.put(1, sealed));
    store.close();

    await expect(open(fleet, random(32))).rejects.toMatchObject({ code: 'cannot_open' });
    store = await open(fleet, storeKey);
    expect(store.journal.state.seats.get(1)?.secrets?.kemSecret).toEqual(kem);
    expect(onDisk(kem)).toBe(false);
    expect(onDisk(sealed)).toBe(true);

    store.journal.append([{ type: 'epoch-erased', epoch: 1 }], () => store.secrets.remove(1));
    store.purge();
    expect(onDisk(sealed)).toBe(false);
    expect(store.journal.state.seats.size).toBe(0);
    store.close();
  });
});
