/** A decision shown to somebody who knows the authority's key and nothing else. */
import { type DecisionProof, decisionProofMessage, type MemberIndex } from '@secagg/schema';
import { decisionProofOf, LocalFleet, proofOfRound, settleByProof, verifyDecisionProof } from '../src';
import { distribute, nextDocuments } from './support/rosters';
import { codeOf, now, quietFleet, random, Scenario } from './support/scenario';
import { flip } from './support/tamper';

const fleet = quietFleet(4, 2, 5);
const { publicKey } = fleet.authority;
const ready = new Scenario(fleet).contribute().finish();
const aborted = new Scenario(fleet).contribute(fleet.routers.slice(0, 1)).finish();
const encode = (proof: DecisionProof) => decisionProofMessage.encode(proof);
const proofs = { ready: decisionProofOf(ready.transcript), abort: decisionProofOf(aborted.transcript) };
const check = (proof: DecisionProof, key = publicKey) => codeOf(() => verifyDecisionProof(key, encode(proof)));

it('says which round was decided how, and by whom', () => {
  expect(verifyDecisionProof(publicKey, encode(proofs.ready))).toMatchObject({
    fleet: 'local',
    cluster: fleet.cluster,
    round: 1,
    decision: { body: { kind: 'ready', groups: [{ group: 0, size: 5 }] } },
  });
  const abort = verifyDecisionProof(publicKey, encode(proofs.abort));
  expect(abort).toMatchObject({ round: 2, decision: { body: { kind: 'abort', reason: 'insufficient_participants' } } });
  expect(abort.decidedBy.length).toBeGreaterThanOrEqual(3);
  expect(fleet.members.map(({ identity }) => identity.id)).toEqual(expect.arrayContaining([...abort.decidedBy]));
});

it('is the same from a transcript and from the round itself', () => {
  const { documents, verified: round, decision } = aborted.round;
  expect(decision && encode(proofOfRound(documents, round, decision))).toEqual(encode(proofs.abort));
});

it.each<[string, string, (proof: DecisionProof) => Partial<DecisionProof>]>([
  ['another policy', 'bad_signature', ({ policy }) => ({ policy: { ...policy, signature: flip(policy.signature) } })],
  ['the announcement of another round', 'wrong_config', () => ({ announcement: proofs.ready.announcement })],
  [
    'an announcement that the coordinator did not sign',
    'bad_signature',
    ({ announcement }) => ({ announcement: { ...announcement, signature: flip(announcement.signature) } }),
  ],
  [
    'a vote too few',
    'no_decision',
    ({ decision }) => ({ decision: { ...decision, votes: decision.votes.slice(0, 2) } }),
  ],
  [
    'a vote twice',
    'no_decision',
    ({ decision }) => ({ decision: { ...decision, votes: [decision.votes[0], ...decision.votes.slice(0, 2)] } }),
  ],
  [
    "a vote in another's name",
    'bad_signature',
    ({ decision }) => ({
      decision: {
        ...decision,
        votes: decision.votes.slice(0, 3).map((vote, i) => ({ ...vote, member: (3 - i) as MemberIndex })),
      },
    }),
  ],
  ['the decision on another round', 'wrong_config', () => ({ decision: proofs.ready.decision })],
  [
    "a member's signature on the epoch missing",
    'bad_signature',
    ({ epoch_certificate: { body, signatures } }) => ({ epoch_certificate: { body, signatures: signatures.slice(1) } }),
  ],
])('is refused with %s', (_what, code, change) =>
  expect(check({ ...proofs.abort, ...change(proofs.abort) })).toBe(code),
);

it('is refused under another authority, and wherever a bit is turned', () => {
  expect(check(proofs.abort, quietFleet(1, 1, 1).authority.publicKey)).toBe('bad_signature');
  const bytes = encode(proofs.abort);
  for (let i = 0; i < 300; i++) {
    const at = Math.floor((bytes.length * (i + Math.random())) / 300);
    const altered = bytes.slice();
    altered[at] ^= 1 << i % 8;
    expect([at, codeOf(() => verifyDecisionProof(publicKey, altered))]).toEqual([at, expect.any(String)]);
  }
});

it('of a round before a change of policy goes by the documents of that round', () => {
  const changing = quietFleet(4, 2, 5);
  const before = new Scenario(changing).contribute().finish();
  const given = new Scenario(changing).contribute(changing.routers.slice(0, 1)).finish();
  distribute(
    changing,
    nextDocuments(changing, { revoke: ['router-4'], policy: () => ({ clock_tolerance_ms: 120_000 }) }),
  );
  const { documents, verified: round, decision } = before.round;
  const proof = decision && proofOfRound(documents, round, decision);
  expect(verifyDecisionProof(changing.authority.publicKey, encode(proof as DecisionProof)).round).toBe(1);
  // Under the newer documents the same votes are about a round that names the older ones, whatever was decided.
  for (const each of [before, given]) {
    const changed = { ...decisionProofOf(each.transcript), ...changing.coordinator.state.view.documents };
    expect(codeOf(() => verifyDecisionProof(changing.authority.publicKey, encode(changed)))).toBe('policy');
  }
});

describe('a router that is shown one', () => {
  const noisy = () => new LocalFleet({ routers: 5, committee: { size: 4, threshold: 2 }, random, nowMs: now });
  const noise = { privacy: { unit: 'request', rho: 0.5, deltaInverse: 1_000_000 } } as const;

  it('takes back data and charge on an abort, once, whoever shows it', () => {
    const scenario = new Scenario(noisy(), noise).contribute([]);
    const [router] = scenario.fleet.routers;
    scenario.contribute([router]).finish();
    const proof = decisionProofOf(scenario.transcript);
    expect(router.state.ledger.open.size).toBe(1);
    expect(router.commit(settleByProof(router.state, proof, now)).key).toBe(scenario.key);
    expect(router.state.participations.get(scenario.key)?.outcome).toBe('aborted');
    expect(router.state.ledger.open.size).toBe(0);
    expect(settleByProof(router.state, proof, now).events).toEqual([]);
  });

  it('keeps both taken after ready, until the published round says more', () => {
    const scenario = new Scenario(noisy(), noise).contribute().finish();
    const [router] = scenario.fleet.routers;
    const step = settleByProof(router.state, decisionProofOf(scenario.transcript), now);
    expect(step.events).toEqual([]);
    expect(step.reply.decided.decision.body.kind).toBe('ready');
    expect(router.state.ledger.open.size).toBe(1);
    expect(router.settle(scenario.fleet.coordinator, scenario.key, now)?.outcome).toBe('included');
    expect(settleByProof(router.state, decisionProofOf(scenario.transcript), now).events).toEqual([]);
  });

  it('changes nothing on one that is not of its round, not of its configuration, or not what was decided', () => {
    const mine = new Scenario(noisy(), noise).contribute();
    const { fleet: own } = mine;
    const [router] = own.routers;
    const before = structuredClone([...router.state.participations]);
    const charged = router.state.ledger.open.size;
    const refused = (proof: DecisionProof) => codeOf(() => settleByProof(router.state, proof, now));
    // Of another fleet: whatever it says, this router answered no such round.
    expect(refused(proofs.abort)).toBe('no_round');
    const unanswered = new Scenario(own, noise).finish();
    expect(unanswered.round.phase).toBe('aborted');
    expect(refused(decisionProofOf(unanswered.transcript))).toBe('no_round');
    // The abort of another round does not become one of this by changing the announcement.
    expect(refused({ ...decisionProofOf(unanswered.transcript), announcement: mine.round.verified.announcement })).toBe(
      'wrong_config',
    );
    // The same round number under another configuration.
    const entry = router.state.participations.get(mine.key);
    router.state.participations.set(unanswered.key, { ...entry, round: unanswered.config.round } as never);
    expect(refused(decisionProofOf(unanswered.transcript))).toBe('wrong_config');
    router.state.participations.delete(unanswered.key);
    // Also when it is to be opened, with every signature in order.
    const opened = new Scenario(own, noise).contribute().finish();
    const answered = router.state.participations.get(opened.key);
    router.state.participations.set(opened.key, {
      ...answered,
      announcement: mine.round.verified.announcement,
    } as never);
    expect(refused(decisionProofOf(opened.transcript))).toBe('wrong_config');
    router.state.participations.delete(opened.key);
    expect([...router.state.participations]).toEqual(before);
    // The other rounds' charges are those of taking part in them.
    expect(router.state.ledger.open.size).toBe(charged + 1);
    // Settled as opened, an abort would be a second decision.
    mine.finish();
    router.settle(own.coordinator, mine.key, now);
    const participation = router.state.participations.get(mine.key);
    Object.assign(participation as object, { outcome: 'aborted' });
    expect(refused(decisionProofOf(mine.transcript))).toBe('duplicate');
  });
});
