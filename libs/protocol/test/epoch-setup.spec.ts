/** Setting up an epoch: the certificate holds only with the signatures of all members over their own fresh keys. */
import { generateIdentityKey, sealingSuite, signMessage } from '@secagg/crypto';
import {
  type Epoch,
  epochCertificateMessage,
  epochMessage,
  type FleetPolicy,
  openRoundMessage,
  type PartyId,
  seatMessage,
  type WorkItem,
} from '@secagg/schema';
import {
  epochsToErase,
  type LocalFleet,
  type LocalMember,
  receiveSeat,
  signDocument,
  signEpoch,
  startEpoch,
  takeSeat,
  verifyEpoch,
  verifyFleet,
} from '../src';
import { Liar } from './support/liars';
import { distribute, nextDocuments } from './support/rosters';
import { codeOf, now, quietFleet, random, Scenario } from './support/scenario';

type SeatItem = Extract<WorkItem, { kind: 'seat' }>;

/** A fleet whose members have taken their seats and are asked to sign; what they are asked to sign. */
function proposed(size = 4, threshold = 2): { fleet: LocalFleet; epoch: Epoch } {
  const fleet = quietFleet(size, threshold, size);
  fleet.coordinator.commit(startEpoch(fleet.coordinator.state, 86_400_000, now));
  for (const member of fleet.members) member.work(fleet.coordinator, now);
  return { fleet, epoch: epochMessage.decode(fleet.coordinator.state.epochs.get(1)?.body as Uint8Array) };
}
const signs = (member: LocalMember, epoch: Epoch) =>
  codeOf(() => signEpoch(member.state, member, epochMessage.encode(epoch), now));
const withMember = (epoch: Epoch, index: number, change: Partial<Epoch['members'][number]>): Epoch => ({
  ...epoch,
  members: epoch.members.map((member, i) => (i === index ? { ...member, ...change } : member)),
});
const kemKey = (epoch: Epoch) => sealingSuite(epoch.sealing_suite).generateKeyPair(random).publicKey;

it('a member whose key was exchanged does not sign', () => {
  const { fleet, epoch } = proposed();
  for (const change of [{ kem_key: kemKey(epoch) }, { vote_key: random(32) }]) {
    expect(signs(fleet.members[1], withMember(epoch, 1, change))).toBe('no_seat');
    // Others cannot tell: the certificate lacks the first one's signature, which is why all must sign.
    expect(signs(fleet.members[0], withMember(epoch, 1, change))).toBeUndefined();
  }
});

it.each<[string, (epoch: Epoch) => Epoch, string]>([
  ['a member too few', (epoch) => ({ ...epoch, members: epoch.members.slice(0, 3) }), 'policy'],
  ['a lower threshold', (epoch) => ({ ...epoch, threshold: 1 }), 'policy'],
  ['a longer life than the policy allows', (epoch) => ({ ...epoch, not_after_ms: now + 8 * 86_400_000 }), 'policy'],
  ['a longer life than its seat', (epoch) => ({ ...epoch, not_after_ms: epoch.not_after_ms + 1 }), 'no_seat'],
  ['a member that is no candidate', (epoch) => withMember(epoch, 3, { id: 'stranger' as PartyId }), 'policy'],
  [
    'two members with one sealing key',
    (epoch) => withMember(epoch, 3, { kem_key: epoch.members[2].kem_key }),
    'policy',
  ],
  ['two members with one vote key', (epoch) => withMember(epoch, 3, { vote_key: epoch.members[2].vote_key }), 'policy'],
  ['a sealing key nobody can seal to', (epoch) => withMember(epoch, 3, { kem_key: new Uint8Array(32) }), 'invalid'],
  ['another number than its seat', (epoch) => ({ ...epoch, epoch: 2 as Epoch['epoch'] }), 'no_seat'],
  ['another fleet', (epoch) => ({ ...epoch, fleet: 'elsewhere' }), 'policy'],
])('nobody signs an epoch with %s', (_name, change, code) => {
  const { fleet, epoch } = proposed();
  expect(signs(fleet.members[0], change(epoch))).toBe(code);
});

it('a member signs one list an epoch, and takes no seat below the highest', () => {
  const { fleet, epoch } = proposed();
  const [member] = fleet.members;
  member.commit(signEpoch(member.state, member, epochMessage.encode(epoch), now));
  expect(signs(member, withMember(epoch, 3, { kem_key: kemKey(epoch) }))).toBe('already_voted');
  expect(signs(member, epoch)).toBeUndefined();
  const terms: Extract<WorkItem, { kind: 'seat' }> = { kind: 'seat', ...termsOf(epoch), epoch: 5 as Epoch['epoch'] };
  member.commit(takeSeat(member.state, member, terms, random, now));
  expect(codeOf(() => takeSeat(member.state, member, { ...terms, epoch: 4 as Epoch['epoch'] }, random, now))).toBe(
    'wrong_epoch',
  );
  expect(
    codeOf(() => takeSeat(member.state, member, { ...terms, epoch: 6 as Epoch['epoch'], threshold: 1 }, random, now)),
  ).toBe('policy');
  expect(
    codeOf(() =>
      takeSeat(member.state, member, { ...terms, epoch: 6 as Epoch['epoch'], policy_version: 2 }, random, now),
    ),
  ).toBe('policy');
  expect(
    codeOf(() =>
      takeSeat(
        member.state,
        member,
        { ...terms, epoch: 6 as Epoch['epoch'], not_after_ms: now + 8 * 86_400_000 },
        random,
        now,
      ),
    ),
  ).toBe('policy');
});

describe('a request for a seat that nobody has signed', () => {
  const MINUTE_MS = 60_000;
  const start = () => {
    const fleet = quietFleet(4, 2, 4);
    fleet.startEpoch(now);
    const [member] = fleet.members;
    const certified = fleet.coordinator.state.epoch?.body as Epoch;
    // As the node does with the certificate that it is shown.
    member.commit({ events: [{ type: 'epoch-seen', epoch: certified.epoch }], reply: undefined });
    const take = (epoch: number, atMs = now) =>
      codeOf(() => {
        const terms = { kind: 'seat' as const, ...termsOf(certified), epoch: epoch as Epoch['epoch'] };
        member.commit(takeSeat(member.state, member, terms, random, atMs));
      });
    const erase = (atMs: number) =>
      member.commit({ events: epochsToErase(member.state, new Map(), 0, atMs), reply: undefined });
    return { member, certified, take, erase };
  };

  it('keeps a member from epochs with lower numbers for some minutes, and then no more', () => {
    const { take } = start();
    expect(take(2 ** 20)).toBeUndefined();
    expect(take(2)).toBe('wrong_epoch');
    expect(take(2, now + 10 * MINUTE_MS - 1)).toBe('wrong_epoch');
    expect(take(2, now + 10 * MINUTE_MS)).toBeUndefined();
    // A clock that was ahead for a while makes it no longer.
    const later = now + 91 * 24 * 60 * MINUTE_MS;
    expect([take(2 ** 19, later), take(3, later), take(3, now + 20 * MINUTE_MS)]).toEqual([
      undefined,
      'wrong_epoch',
      undefined,
    ]);
  });

  it('does not extend what is in reach: that is counted from certificates', () => {
    const { take } = start();
    expect(take(1 + 2 ** 20)).toBeUndefined();
    expect(take(1 + 2 ** 20 + 1)).toBe('policy');
  });

  it('uses up its number when the seat is erased, and no lower one', () => {
    const { member, certified, take, erase } = start();
    expect(take(2 ** 20)).toBeUndefined();
    expect(take(2 ** 20 - 1, now + 10 * MINUTE_MS)).toBeUndefined();
    erase(certified.not_after_ms + 1);
    expect(member.state.seats.size).toBe(0);
    expect(member.state.highestEpoch).toBe(1);
    expect([take(2 ** 20), take(2 ** 20 - 1), take(1)]).toEqual(['wrong_epoch', 'wrong_epoch', 'wrong_epoch']);
    expect(take(2)).toBeUndefined();
    member.commit({ events: [{ type: 'epoch-seen', epoch: 2 ** 20 }], reply: undefined });
    expect(member.state.usedEpochs.size).toBe(0);
  });

  it('does not fill memory and disk: the oldest seats that came to nothing make room', () => {
    const { member, take } = start();
    for (let epoch = 2; epoch <= 21; epoch++) expect(take(epoch)).toBeUndefined();
    expect([...member.state.seats.keys()]).toEqual([1, ...Array.from({ length: 16 }, (_, i) => 6 + i)]);
    expect(member.state.highestEpoch).toBe(1);
    expect(take(3)).toBe('wrong_epoch');
  });
});

const termsOf = ({ policy_version, roster_version, threshold, sealing_suite, not_after_ms }: Epoch) => ({
  policy_version,
  roster_version,
  threshold,
  sealing_suite,
  not_after_ms,
});

it('routers refuse a certificate in which a key was exchanged, however few signatures are wrong', () => {
  const fleet = quietFleet(4, 2, 4);
  const scenario = new Scenario(fleet);
  const { certificate, body: epoch } = scenario.round.verified.epoch;
  const { announcement } = scenario.round.verified;
  const check = (body: Uint8Array, signatures: Uint8Array[]) =>
    codeOf(() =>
      fleet.routers[0].check(openRoundMessage.encode({ announcement, epoch_certificate: { body, signatures } }), now),
    );
  expect(check(certificate.body, certificate.signatures)).toBeUndefined();
  const body = epochMessage.encode(withMember(epoch, 3, { kem_key: kemKey(epoch) }));
  // The three others were fooled or help; the fourth has not signed.
  const signatures = fleet.members.map((member, i) =>
    i === 3
      ? certificate.signatures[3]
      : signMessage(member.identity.secretKey, { type: epochMessage.type, fleet: 'local' }, body),
  );
  expect(check(body, signatures)).toBe('bad_signature');
  expect(epochCertificateMessage.encode({ body, signatures }).length).toBeGreaterThan(body.length);
});

it('the coordinator takes seats of candidates only, one each, under its terms', () => {
  const { fleet, epoch } = proposed();
  const { coordinator } = fleet;
  coordinator.commit(startEpoch(coordinator.state, 86_400_000, now));
  const seat = (member: LocalMember, changes: object = {}) =>
    signDocument(
      seatMessage,
      'local',
      {
        v: 1,
        fleet: 'local',
        ...termsOf(epoch),
        epoch: 2 as Epoch['epoch'],
        member: member.identity.id,
        kem_key: kemKey(epoch),
        vote_key: random(32),
        ...changes,
      },
      member.identity.secretKey,
    );
  const take = (signed: ReturnType<typeof seat>) =>
    codeOf(() => coordinator.commit(receiveSeat(coordinator.state, signed, now)));
  const [a, b] = fleet.members;
  const first = seat(a);
  expect(take(first)).toBeUndefined();
  expect(take(first)).toBeUndefined();
  expect(take(seat(a))).toBe('duplicate');
  expect(take(seat(b, { member: a.identity.id }))).toBe('bad_signature');
  expect(take(seat(b, { threshold: 1 }))).toBe('wrong_epoch');
  expect(take(seat(b, { kem_key: new Uint8Array(32) }))).toBe('invalid');
  expect(take(seat(b, { vote_key: seatMessage.decode(first.body).vote_key }))).toBe('invalid');
  expect(take(seat(b, { epoch: 9 }))).toBe('wrong_epoch');
  expect(
    take(
      signDocument(
        seatMessage,
        'local',
        { ...seatMessage.decode(first.body), member: fleet.coordinator.context.identity.id },
        coordinator.context.identity.secretKey,
      ),
    ),
  ).toBe('wrong_role');
});

it('a candidate that takes a seat and does not sign is passed over next time, where enough others remain', () => {
  const fleet = quietFleet(4, 2, 4);
  distribute(
    fleet,
    nextDocuments(fleet, { policy: ({ committee }) => ({ committee: { ...committee, size: 3, threshold: 2 } }) }),
  );
  const silent = new Liar(fleet.members[0], () => ({ takeEpochSignature: () => undefined }));
  const attempt = () => {
    fleet.coordinator.commit(startEpoch(fleet.coordinator.state, 86_400_000, now));
    for (let turn = 0; turn < 3; turn++)
      for (const member of [silent, ...fleet.members.slice(1)]) member.work(fleet.coordinator, now);
    return fleet.coordinator.state.epoch?.body.members.map((member) => member.id);
  };
  expect(attempt()).toBeUndefined();
  expect(attempt()).toEqual(['router-1', 'router-2', 'router-3']);
  // It gets another chance once an epoch came about.
  expect(attempt()).toEqual(['router-1', 'router-2', 'router-3']);
  expect([...(fleet.coordinator.state.epochs.get(3)?.seats.keys() ?? [])]).toContain('router-0');
});

describe('a policy that lists the hybrid sealing suite before the plain one', () => {
  const xwing = 'hpke-xwing-sha256-aes256gcm';
  const x25519 = 'hpke-x25519-sha256-aes256gcm';
  const withSuites = (...sealing_suites: FleetPolicy['sealing_suites']) =>
    quietFleet(1, 1, 1, { policy: { sealing_suites } });
  /** An epoch with the suite that all members have signed, whatever they would do of their own accord. */
  function signedByAll(fleet: LocalFleet, suite: Epoch['sealing_suite'], policyVersion: number) {
    const { policy, roster } = fleet.view;
    const [member] = fleet.members;
    const body = epochMessage.encode({
      v: 1,
      fleet: 'local',
      epoch: 9 as Epoch['epoch'],
      policy_version: policyVersion,
      roster_version: roster.version,
      threshold: policy.committee.threshold,
      sealing_suite: suite,
      not_after_ms: now + 86_400_000,
      members: [
        {
          id: member.identity.id,
          kem_key: sealingSuite(suite).generateKeyPair(random).publicKey,
          vote_key: generateIdentityKey(random).publicKey,
        },
      ],
    });
    const type = { type: epochMessage.type, fleet: 'local' };
    return { body, signatures: [signMessage(member.identity.secretKey, type, body)] };
  }

  it('is asked for by an honest coordinator, and gives no seat for the plain one', () => {
    const fleet = withSuites(xwing, x25519);
    const [member] = fleet.members;
    const terms = startEpoch(fleet.coordinator.state, 86_400_000, now).reply;
    const { candidates: _candidates, ...asked } = terms;
    expect(asked.sealing_suite).toBe(xwing);
    const seat = (sealing_suite: Epoch['sealing_suite']) =>
      codeOf(() => takeSeat(member.state, member, { kind: 'seat', ...asked, sealing_suite } as SeatItem, random, now));
    expect(seat(x25519)).toBe('policy');
    expect(seat(xwing)).toBeUndefined();
  });

  it('lets a coordinator that works with every member make no epoch of the plain one', () => {
    const fleet = withSuites(xwing, x25519);
    expect(codeOf(() => verifyEpoch(fleet.view, signedByAll(fleet, x25519, 1), now))).toBe('policy');
    expect(codeOf(() => verifyEpoch(fleet.view, signedByAll(fleet, xwing, 1), now))).toBeUndefined();
  });

  it('lets an epoch of an older policy last on where it still lists its suite', () => {
    const fleet = withSuites(x25519);
    const before = signedByAll(fleet, x25519, 1);
    const under = (...sealing_suites: FleetPolicy['sealing_suites']) =>
      verifyFleet(fleet.authority.publicKey, nextDocuments(fleet, { policy: () => ({ sealing_suites }) }));
    expect(codeOf(() => verifyEpoch(under(xwing, x25519), before, now))).toBeUndefined();
    expect(codeOf(() => verifyEpoch(under(xwing), before, now))).toBe('policy');
    expect(codeOf(() => verifyEpoch(under(xwing, x25519), signedByAll(fleet, x25519, 2), now))).toBe('policy');
  });
});
