/**
 * A whole round between real roles, every message a line (docs/protocol.md, Overview). A router and a member are lost
 * on the way.
 */
import { randomBytes } from 'node:crypto';
import { defaultFields } from '@secagg/schema';
import { auditTranscript, type CommitteeDesk, LocalFleet, type LocalMember, roundOf, startEpoch } from '../src';

const now = Date.UTC(2026, 0, 1);
const closed = now + 1000;
const DAY_MS = 86_400_000;
const fleet = new LocalFleet({
  routers: 6,
  committee: { size: 4, threshold: 2 },
  random: (length) => new Uint8Array(randomBytes(length)),
  nowMs: now,
  cluster: { unsafe_no_noise: true },
  limits: { unsafeNoNoise: true },
});
const { coordinator } = fleet;
const [alice, bob, carol, dave] = fleet.members;
const [router0, router1, router2, router3, router4, router5] = fleet.routers;

/** What a member sends to the coordinator when it asks for work. */
function sends(member: LocalMember, atMs: number): string[] {
  const sent: string[] = [];
  const passOn =
    <Args extends unknown[]>(message: string, take: (...args: Args) => void) =>
    (...args: Args): void => {
      sent.push(message);
      take.apply(coordinator, args);
    };
  const desk: CommitteeDesk = {
    work: (...args) => coordinator.work(...args),
    views: (...args) => coordinator.views(...args),
    takeSeat: passOn('seat', coordinator.takeSeat),
    takeEpochSignature: passOn('epoch signature', coordinator.takeEpochSignature),
    takeReport: passOn('report', coordinator.takeReport),
    takeVote: passOn('vote', coordinator.takeVote),
    takeTransfer: passOn('transfer', coordinator.takeTransfer),
    takeAnswer: passOn('answer', coordinator.takeAnswer),
  };
  member.work(desk, atMs);
  return sent;
}

it('runs from an epoch to a settled round, one message after the other', () => {
  // Epochs: each member takes a seat, then signs what they make up together.
  coordinator.commit(startEpoch(coordinator.state, DAY_MS, now));
  expect(sends(alice, now)).toEqual(['seat']);
  expect(sends(bob, now)).toEqual(['seat']);
  expect(sends(carol, now)).toEqual(['seat']);
  expect(sends(dave, now)).toEqual(['seat']);
  expect(coordinator.state.epoch).toBeUndefined();
  expect(sends(alice, now)).toEqual(['epoch signature']);
  expect(sends(bob, now)).toEqual(['epoch signature']);
  expect(sends(carol, now)).toEqual(['epoch signature']);
  expect(sends(dave, now)).toEqual(['epoch signature']);
  expect(coordinator.state.epoch).toBeDefined();

  // Announcement: what is asked, of whom, and what it costs.
  const { key, config } = fleet.announce(
    {
      keys: ['m:a'],
      fields: defaultFields(),
      maxRequestsPerRouter: 1000,
      minParticipantsPerGroup: 3,
      maxParticipants: 16,
      groups: 1,
      privacy: { unit: 'request', rho: 'unsafe-none', assumedColluders: 0, deltaInverse: 1_000_000 },
      sendDelayMs: 0,
      durationMs: 1000,
    },
    now,
  );
  const phase = () => roundOf(coordinator.state, key).phase;
  expect(phase()).toBe('collecting');

  // Contribution, Collecting: each router checks the announcement, encrypts, sends one message and keeps the receipt.
  const { dimension } = roundOf(coordinator.state, key).verified;
  const vector = (value: number) => new Float64Array(dimension).fill(value);
  router0.keepReceipt(key, coordinator.contribute(key, router0.contribution(coordinator, key, vector(1), now)));
  router1.keepReceipt(key, coordinator.contribute(key, router1.contribution(coordinator, key, vector(2), now)));
  router2.keepReceipt(key, coordinator.contribute(key, router2.contribution(coordinator, key, vector(4), now)));
  router3.keepReceipt(key, coordinator.contribute(key, router3.contribution(coordinator, key, vector(8), now)));
  router4.keepReceipt(key, coordinator.contribute(key, router4.contribution(coordinator, key, vector(16), now)));
  // Router 5 has built its contribution, and is gone before it has sent it.
  router5.contribution(coordinator, key, vector(32), now);
  expect(sends(alice, now)).toEqual([]);
  coordinator.tick(closed);
  expect(phase()).toBe('checking');

  // Checking and reporting: which boxes each member could open.
  expect(sends(alice, closed)).toEqual(['report']);
  expect(sends(bob, closed)).toEqual(['report']);
  expect(sends(carol, closed)).toEqual(['report']);
  expect(sends(dave, closed)).toEqual(['report']);
  coordinator.tick(closed);
  expect(phase()).toBe('voting');

  // Deciding: three of four votes for the set that follows from headers and reports. Dave is gone from here on.
  expect(sends(alice, closed)).toEqual(['vote']);
  expect(sends(bob, closed)).toEqual(['vote']);
  expect(phase()).toBe('voting');
  expect(sends(carol, closed)).toEqual(['vote']);
  coordinator.tick(closed);
  expect(phase()).toBe('answering');

  // Answering: sums of the keystreams of exactly that set.
  expect(sends(alice, closed)).toEqual(['answer']);
  expect(sends(bob, closed)).toEqual(['answer']);
  expect(sends(carol, closed)).toEqual(['answer']);
  coordinator.tick(closed);
  expect(phase()).toBe('published');
  expect(sends(dave, closed)).toEqual([]);

  // Publishing and auditing: anyone finds the sum of the five routers that sent, and of nobody else.
  const transcript = coordinator.transcript(key);
  const audited = auditTranscript(fleet.authority.publicKey, transcript);
  if (audited.kind !== 'opened') throw new Error('the round was aborted');
  expect(audited.round.config).toEqual(config);
  expect(audited.sums.map(({ size, values }) => ({ size, values }))).toEqual([{ size: 5, values: vector(31) }]);

  // Privacy cost and ledger: each router settles its own part, after the same audit.
  expect(router0.settleBy(transcript, key, closed)?.outcome).toBe('included');
  expect(router1.settleBy(transcript, key, closed)?.outcome).toBe('included');
  expect(router2.settleBy(transcript, key, closed)?.outcome).toBe('included');
  expect(router3.settleBy(transcript, key, closed)?.outcome).toBe('included');
  expect(router4.settleBy(transcript, key, closed)?.outcome).toBe('included');
  expect(router5.settleBy(transcript, key, closed)?.outcome).toBe('left_out');
});
