/**
 * Evidence proves misbehaviour to whoever has the authority's key, and never says anything about a party that did not
 * misbehave.
 */
import {
  answerBodyMessage,
  type EpochCertificate,
  evidenceMessage,
  type EvidenceKind,
  epochMessage,
  headerMessage,
  type MemberIndex,
  proposalMessage,
  receiptMessage,
  reportMessage,
  roundConfigMessage,
  seatMessage,
  type Signed,
  voteBodyMessage,
} from '@secagg/schema';
import {
  createAuthority,
  encodeEvidence,
  type EvidenceParts,
  evidenceOfLiars,
  evolveCoordinator,
  type LocalMember,
  ProvenMisbehaviour,
  receiveContribution,
  receiveReport,
  receiveSeat,
  receiveVote,
  recordMisbehaviour,
  signDocument,
  signedCertificate,
  verifyEvidence,
} from '../src';
import { checkStanding, startEpoch } from '../src/coordinator';
import { inRound } from '../src/round/verified-round';
import { Liar, voteSecretOf } from './support/liars';
import { codeOf, now, quietFleet, random, Scenario } from './support/scenario';

const fleet = quietFleet(4, 2, 4);
const scenario = new Scenario(fleet).contribute().finish();
const { verified: round } = scenario.round;
const [router] = fleet.routers;
const [member] = fleet.members;
const coordinator = fleet.coordinator.context.identity;
const authority = fleet.authority.publicKey;

const seat = (epoch: EpochCertificate, of: LocalMember): MemberIndex =>
  epochMessage.decode(epoch.body).members.findIndex(({ id }) => id === of.identity.id) as MemberIndex;
const certificate = (party: string): Signed => signedCertificate(fleet.view, party) as Signed;

/** What a party signed, and the like of it with something changed. */
function statements(kind: EvidenceKind): Omit<EvidenceParts, 'kind' | 'fleet'> {
  const { epoch } = round;
  const ofMember = { party: member.identity.id, certificates: [certificate(member.identity.id)] };
  const ofVoter = { ...ofMember, epoch: epoch.certificate };
  const vote = voteSecretOf(member);
  switch (kind) {
    case 'two-seats': {
      const held = member.state.seats.get(epoch.body.epoch)?.seat as Signed;
      return {
        ...ofMember,
        statements: [
          held,
          signDocument(
            seatMessage,
            'local',
            { ...seatMessage.decode(held.body), kem_key: random(32) },
            member.identity.secretKey,
          ),
        ],
      };
    }
    case 'two-epochs': {
      const { body, signatures } = epoch.certificate;
      const other = signDocument(
        epochMessage,
        'local',
        { ...epochMessage.decode(body), not_after_ms: now + 5 },
        member.identity.secretKey,
      );
      return { ...ofMember, statements: [{ body, signature: signatures[seat(epoch.certificate, member)] }, other] };
    }
    case 'two-reports': {
      const { signed, report } = scenario.round.reports.get(seat(epoch.certificate, member)) as NonNullable<
        ReturnType<typeof scenario.round.reports.get>
      >;
      return {
        ...ofVoter,
        statements: [signed, signDocument(reportMessage, 'local', { ...report, usable: new Uint8Array(1) }, vote)],
      };
    }
    case 'two-votes': {
      const held = scenario.round.votes.get(seat(epoch.certificate, member))?.vote as {
        body: Uint8Array;
        signature: Uint8Array;
      };
      return {
        ...ofVoter,
        statements: [
          { body: held.body, signature: held.signature },
          signDocument(voteBodyMessage, 'local', { ...inRound(round), kind: 'abort', reason: 'policy' }, vote),
        ],
      };
    }
    case 'two-contributions': {
      const held = scenario.round.accepted.get(router.identity.id)?.signed as Signed;
      const other = signDocument(
        headerMessage,
        'local',
        { ...headerMessage.decode(held.body), timestamp_ms: now + 7 },
        router.identity.secretKey,
      );
      return { party: router.identity.id, certificates: [certificate(router.identity.id)], statements: [held, other] };
    }
    case 'two-announcements': {
      const other = signDocument(
        roundConfigMessage,
        'local',
        { ...round.config, max_participants: round.config.max_participants - 1 },
        coordinator.secretKey,
      );
      return {
        party: coordinator.id,
        certificates: [certificate(coordinator.id)],
        statements: [round.announcement, other],
      };
    }
    case 'two-proposals': {
      const held = scenario.round.proposal?.signed as Signed;
      const body = proposalMessage.decode(held.body);
      const other = signDocument(
        proposalMessage,
        'local',
        { ...body, reports: body.reports.slice(1) },
        coordinator.secretKey,
      );
      return { party: coordinator.id, certificates: [certificate(coordinator.id)], statements: [held, other] };
    }
    case 'two-receipts': {
      const body = {
        v: 1 as const,
        fleet: 'local',
        cluster: round.config.cluster,
        round: round.config.round,
        config_hash: round.configHash,
        router: router.identity.id,
        coordinator: coordinator.id,
        header_hash: random(32),
      };
      const sign = (change: object) =>
        signDocument(receiptMessage, 'local', { ...body, ...change }, coordinator.secretKey);
      return {
        party: coordinator.id,
        certificates: [certificate(coordinator.id)],
        statements: [sign({}), sign({ header_hash: random(32) })],
      };
    }
    default:
      throw new Error(kind);
  }
}

const encode = (kind: EvidenceKind, change: Partial<EvidenceParts> = {}) =>
  encodeEvidence({ kind, fleet: 'local', ...statements(kind), ...change });

const kinds = [
  'two-seats',
  'two-epochs',
  'two-reports',
  'two-votes',
  'two-contributions',
  'two-announcements',
  'two-proposals',
  'two-receipts',
] as const;
const byIdentity: readonly EvidenceKind[] = [
  'two-seats',
  'two-epochs',
  'two-contributions',
  'two-announcements',
  'two-proposals',
  'two-receipts',
];

describe.each(kinds)('%s', (kind) => {
  const { statements: both, party, certificates } = statements(kind);

  it('proves the party guilty', () => {
    expect(verifyEvidence(authority, encode(kind))).toMatchObject({ kind, party, serial: expect.any(Number) });
  });

  it('is refused with one statement twice, with one forged, of another party, or from another authority', () => {
    expect(codeOf(() => verifyEvidence(authority, encode(kind, { statements: [both[0], both[0]] })))).toBe('invalid');
    expect(
      codeOf(() =>
        verifyEvidence(
          authority,
          encode(kind, { statements: [both[0], { ...both[1], signature: both[0].signature }] }),
        ),
      ),
    ).toBe('bad_signature');
    expect(codeOf(() => verifyEvidence(authority, encode(kind, { party: 'router-3' })))).toBe('invalid');
    expect(
      codeOf(() =>
        verifyEvidence(authority, encode(kind, { party: 'router-3', certificates: [certificate('router-3')] })),
      ),
    ).toBe(party === coordinator.id ? 'invalid' : 'bad_signature');
    expect(codeOf(() => verifyEvidence(createAuthority('local', random).publicKey, encode(kind)))).toBe(
      'bad_certificate',
    );
    expect(
      codeOf(() =>
        verifyEvidence(authority, encode(kind, { certificates: [...certificates, certificate('router-3')] })),
      ),
    ).toBe('invalid');
    // Who has no such role cannot be convicted of it, and an epoch that nothing is signed under only takes room.
    if (byIdentity.includes(kind))
      expect(codeOf(() => verifyEvidence(authority, encode(kind, { epoch: round.epoch.certificate })))).toBe('invalid');
    if (!byIdentity.includes(kind))
      expect(codeOf(() => verifyEvidence(authority, encode(kind, { epoch: undefined })))).toBe('invalid');
  });
});

it('statements of two rounds are no evidence', () => {
  const later = new Scenario(fleet).contribute().finish();
  const held = (of: Scenario): Signed => {
    const { body, signature } = of.round.votes.get(seat(round.epoch.certificate, member))?.vote as Signed;
    return { body, signature };
  };
  expect(
    codeOf(() => verifyEvidence(authority, encode('two-votes', { statements: [held(scenario), held(later)] }))),
  ).toBe('invalid');
  const header = (of: Scenario) => of.round.accepted.get(router.identity.id)?.signed as Signed;
  expect(
    codeOf(() =>
      verifyEvidence(authority, encode('two-contributions', { statements: [header(scenario), header(later)] })),
    ),
  ).toBe('invalid');
});

it('a vote key that the accused never accepted proves nothing about it', () => {
  // The coordinator makes up an epoch in which the victim's seat has a key of its own.
  const forged = epochMessage.encode({ ...round.epoch.body, epoch: 9 as never });
  const epoch = { body: forged, signatures: round.epoch.certificate.signatures };
  expect(codeOf(() => verifyEvidence(authority, encode('two-votes', { epoch })))).toBe('bad_signature');
});

describe('a wrong answer', () => {
  const liars = quietFleet(4, 2, 4);
  const lied = new Scenario(liars).contribute();
  const [liar, ...honest] = liars.members;
  lied.finish([
    new Liar(liar, (coordinator, self) => ({
      takeAnswer: (key, bytes, nowMs) =>
        coordinator.takeAnswer(
          key,
          self.answer(answerBodyMessage.decode(bytes), ({ hashes }) => ({
            answer: { hashes: hashes.map((entry) => ({ ...entry, hash: random(32) })) },
            pieces: [],
          })),
          nowMs,
        ),
    })),
    ...honest,
  ]);
  const [evidence] = evidenceOfLiars(liars.coordinator.state, lied.key);

  it('is proven by the answers of t others, once the round has named the liar', () => {
    expect(lied.round.phase).toBe('published');
    expect(verifyEvidence(liars.authority.publicKey, evidence)).toMatchObject({
      kind: 'wrong-answer',
      party: liar.identity.id,
      round: 1,
    });
  });

  it('is not proven by fewer, nor against one of those', () => {
    const parts = evidenceMessage.decode(evidence);
    const fewer = { ...parts, certificates: parts.certificates.slice(0, 2), statements: parts.statements.slice(0, 2) };
    expect(codeOf(() => verifyEvidence(liars.authority.publicKey, evidenceMessage.encode(fewer)))).toBe('invalid');
    const [one, two, three] = parts.certificates;
    const [a, b, c] = parts.statements;
    const reversed = {
      ...parts,
      party: 'router-1' as typeof parts.party,
      certificates: [two, one, three],
      statements: [b, a, c],
    };
    expect(codeOf(() => verifyEvidence(liars.authority.publicKey, evidenceMessage.encode(reversed)))).toBe('invalid');
  });
});

/** The same misdeed of a router that has done nothing else. */
function otherRouters(): Partial<EvidenceParts> {
  const { identity } = fleet.routers[1];
  const held = scenario.round.accepted.get(identity.id)?.signed as Signed;
  const other = signDocument(
    headerMessage,
    'local',
    { ...headerMessage.decode(held.body), timestamp_ms: now + 7 },
    identity.secretKey,
  );
  return { party: identity.id, certificates: [certificate(identity.id)], statements: [held, other] };
}

describe('a coordinator', () => {
  const state = () => fleet.coordinator.state;
  const thrown = (run: () => unknown): ProvenMisbehaviour => {
    try {
      run();
    } catch (error) {
      if (error instanceof ProvenMisbehaviour) return error;
      throw error;
    }
    throw new Error('nothing was refused');
  };

  it('refuses a second statement with the evidence, which is not in what the refusal shows', () => {
    const { statements: reports } = statements('two-reports');
    const { statements: votes } = statements('two-votes');
    const { statements: seats } = statements('two-seats');
    const index = seat(round.epoch.certificate, member);
    const refusals = [
      thrown(() => receiveReport(state(), scenario.key, reports[1])),
      thrown(() => receiveVote(state(), scenario.key, { ...votes[1], member: index }, now)),
      thrown(() => receiveSeat(state(), seats[1], now)),
    ];
    expect(refusals.map(({ code }) => code)).toEqual(['duplicate', 'already_voted', 'duplicate']);
    expect(refusals.map(({ evidence }) => verifyEvidence(authority, evidence).kind)).toEqual([
      'two-reports',
      'two-votes',
      'two-seats',
    ]);
    for (const { details } of refusals)
      expect(Object.values(details).every((value) => typeof value === 'string' || typeof value === 'number')).toBe(
        true,
      );
  });

  it('keeps one of a kind, and excludes the party where the policy says so until it has another key, and never for what a lost disk explains', () => {
    const [event, ...more] = recordMisbehaviour(state(), encode('two-votes'), now);
    expect(more).toEqual([]);
    evolveCoordinator(state(), event);
    expect(recordMisbehaviour(state(), encode('two-votes'), now)).toEqual([]);
    for (const kind of ['two-contributions', 'two-seats', 'two-epochs'] as const) {
      for (const recorded of recordMisbehaviour(
        state(),
        encode(kind, kind === 'two-contributions' ? otherRouters() : {}),
        now,
      ))
        evolveCoordinator(state(), recorded);
    }
    expect(codeOf(() => checkStanding(state(), router.identity.id))).toBeUndefined();

    const { view } = state();
    state().view = { ...view, policy: { ...view.policy, misbehaviour: 'exclude' } };
    const next = new Scenario(fleet);
    const bytes = next.build(router);
    expect(codeOf(() => receiveContribution(state(), fleet.coordinator.context, next.key, bytes))).toBe('excluded');
    expect(codeOf(() => checkStanding(state(), 'router-1'))).toBeUndefined();
    // With a candidate to spare, it is not asked for a seat.
    const wide = { ...view.policy.committee, size: 3 };
    state().view = { ...view, policy: { ...view.policy, misbehaviour: 'exclude', committee: wide } };
    expect(startEpoch(state(), 1000, now).reply.candidates).toEqual(
      wide.candidates.filter((id) => id !== router.identity.id),
    );
    const forgiven = new Map(
      [...view.certificates].map(([id, entry]) => [id, id === router.identity.id ? { ...entry, serial: 999 } : entry]),
    );
    state().view = { ...view, policy: { ...view.policy, misbehaviour: 'exclude' }, certificates: forgiven };
    expect(codeOf(() => checkStanding(state(), router.identity.id))).toBe('excluded');
    const renewed = new Map(
      [...view.certificates].map(([id, entry]) => [
        id,
        id === router.identity.id ? { ...entry, public_key: random(32) } : entry,
      ]),
    );
    state().view = { ...view, policy: { ...view.policy, misbehaviour: 'exclude' }, certificates: renewed };
    expect(codeOf(() => checkStanding(state(), router.identity.id))).toBeUndefined();
    state().view = view;
  });
});
