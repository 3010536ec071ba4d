/** An audit recomputes a round from its transcript and the authority's key alone: whatever is altered, it says so. */
import {
  type Answer,
  answerMessage,
  contributionMessage,
  headerMessage,
  type MemberIndex,
  reportMessage,
  type Transcript,
  transcriptMessage,
} from '@secagg/schema';
import { WordSum } from '@secagg/crypto';
import { auditTranscript, receiveContribution, signDocument } from '../src';
import { decisionHash } from '../src/round/decision';
import { pieceHash } from '../src/wire/pieces';
import { Liar, voteSecretOf } from './support/liars';
import { distribute, nextDocuments } from './support/rosters';
import { codeOf, drawGroups, now, quietFleet, random, Scenario } from './support/scenario';
import { flip, forge } from './support/tamper';

const fleet = quietFleet(4, 2, 6);
/** A round with one contribution left out, one kept with seeds passed on, and two groups. */
const [unusable, passed, ...others] = fleet.routers;
const scenario = drawGroups(
  () => new Scenario(fleet, { groups: 2, minParticipantsPerGroup: 1 }),
  (groups) => groups.every((group) => group.length > 0),
  others,
);
const spoil = (router: typeof unusable, bad: number[]) =>
  fleet.coordinator.contribute(
    scenario.key,
    forge(scenario.build(router), router.identity.secretKey, ({ boxes }) => ({
      boxes: boxes.map((box, i) => (bad.includes(i) ? { ...box, ciphertext: random(64) } : box)),
    })),
  );
spoil(unusable, [0, 1]);
spoil(passed, [3]);
scenario.contribute(others).finish();
const earlier = new Scenario(fleet).contribute().finish();

const genuine = scenario.transcript;
const audit = (transcript: Transcript) => codeOf(() => auditTranscript(fleet.authority.publicKey, transcript));
const swapped = <T>([a, b, ...rest]: readonly T[]): T[] => [b, a, ...rest];
const change = <T>(list: readonly T[], index: number, by: (entry: T) => T): T[] =>
  list.map((entry, i) => (i === index ? by(entry) : entry));

/** The transcript as earlier releases made it: with the ciphertexts of contributions that were left out. */
const withAllCiphertexts = (): Transcript => ({
  ...genuine,
  contributions: genuine.contributions.map(({ header }) => ({
    header,
    ciphertext: contributionMessage.decode(
      fleet.coordinator.context.contribution(scenario.key, headerMessage.decode(header.body).router),
    ).ciphertext,
  })),
});

it('has the ciphertexts of those who stayed in, and of nobody else', () => {
  const [left] = genuine.contributions;
  expect(headerMessage.decode(left.header.body).router).toBe(unusable.identity.id);
  expect(left).not.toHaveProperty('ciphertext');
  expect(genuine.contributions.slice(1).every(({ ciphertext }) => ciphertext !== undefined)).toBe(true);
});

it('passes with the others too, as earlier releases published it', () => {
  expect(withAllCiphertexts().contributions[0]).toHaveProperty('ciphertext');
  expect(audit(withAllCiphertexts())).toBeUndefined();
});

it('passes as it was published, and gives the sums of exactly those who stayed in', () => {
  expect(audit(genuine)).toBeUndefined();
  scenario.expectExactly([passed, ...others]);
});

it.each<[string, (transcript: Transcript) => Partial<Transcript>]>([
  ['another policy', ({ policy }) => ({ policy: { ...policy, body: flip(policy.body) } })],
  ['another roster', ({ roster }) => ({ roster: { ...roster, signature: flip(roster.signature) } })],
  ['another announcement', () => ({ announcement: earlier.transcript.announcement })],
  ["another round's decision", () => ({ decision: earlier.transcript.decision })],
  ["another round's reports", () => ({ reports: earlier.transcript.reports })],
  ["another round's answers", () => ({ answers: earlier.transcript.answers })],
  [
    'an epoch certificate with a signature too few',
    ({ epoch_certificate: { body, signatures } }) => ({ epoch_certificate: { body, signatures: signatures.slice(1) } }),
  ],
  [
    'an epoch certificate with signatures exchanged',
    ({ epoch_certificate: { body, signatures } }) => ({ epoch_certificate: { body, signatures: swapped(signatures) } }),
  ],
  ['a contribution left out', ({ contributions }) => ({ contributions: contributions.slice(1) })],
  [
    'a contribution that was excluded left out',
    ({ contributions }) => ({ contributions: contributions.filter((_, i) => i !== 0) }),
  ],
  ['a contribution twice', ({ contributions }) => ({ contributions: [contributions[0], ...contributions] })],
  ['contributions in another order', ({ contributions }) => ({ contributions: swapped(contributions) })],
  [
    'a contribution of another round',
    ({ contributions }) => ({ contributions: change(contributions, 2, () => earlier.transcript.contributions[2]) }),
  ],
  [
    'two ciphertexts exchanged',
    ({ contributions }) => ({
      contributions: change(
        change(contributions, 1, (entry) => ({ ...entry, ciphertext: contributions[2].ciphertext })),
        2,
        (entry) => ({ ...entry, ciphertext: contributions[1].ciphertext }),
      ),
    }),
  ],
  [
    'a ciphertext with one bit turned',
    ({ contributions }) => ({
      contributions: change(contributions, 1, (entry) => ({
        ...entry,
        ciphertext: flip(entry.ciphertext as Uint8Array),
      })),
    }),
  ],
  [
    'a ciphertext too few',
    ({ contributions }) => ({ contributions: change(contributions, 1, ({ header }) => ({ header })) }),
  ],
  [
    'the ciphertext of an excluded contribution altered, as earlier releases published it',
    () => ({
      contributions: change(withAllCiphertexts().contributions, 0, (entry) => ({
        ...entry,
        ciphertext: flip(entry.ciphertext as Uint8Array),
      })),
    }),
  ],
  ['a report left out', ({ reports }) => ({ reports: reports.slice(1) })],
  ['reports in another order', ({ reports }) => ({ reports: swapped(reports) })],
  ['a report twice', ({ reports }) => ({ reports: [reports[0], ...reports] })],
  [
    'a report altered by its member',
    ({ reports }) => ({
      reports: change(reports, 0, ({ body }) =>
        signDocument(
          reportMessage,
          'local',
          { ...reportMessage.decode(body), usable: Uint8Array.of(0) },
          voteSecretOf(fleet.members[0]),
        ),
      ),
    }),
  ],
  ['fewer votes than a quorum', ({ decision }) => ({ decision: { ...decision, votes: decision.votes.slice(0, 2) } })],
  [
    'a vote counted twice',
    ({ decision }) => ({
      decision: { ...decision, votes: [decision.votes[0], decision.votes[0], ...decision.votes.slice(2)] },
    }),
  ],
  [
    "a vote in another's name",
    ({ decision }) => ({
      decision: { ...decision, votes: change(decision.votes, 0, (vote) => ({ ...vote, member: 3 as MemberIndex })) },
    }),
  ],
  [
    'a decision on another set',
    ({ decision }) => ({ decision: { ...decision, body: flip(decision.body, decision.body.length - 1) } }),
  ],
  ['answers of fewer than t holders', ({ answers }) => ({ answers: answers.slice(0, 1) })],
  [
    'an answer altered',
    ({ answers }) => ({
      answers: change(answers, 0, (entry) => ({ ...entry, body: flip(entry.body, entry.body.length - 1) })),
    }),
  ],
  [
    'a piece with one bit turned',
    ({ pieces }) => ({ pieces: change(pieces, 0, (entry) => ({ ...entry, words: flip(entry.words) })) }),
  ],
  ['a piece left out', ({ pieces }) => ({ pieces: pieces.slice(1) })],
  ['a piece twice', ({ pieces }) => ({ pieces: [pieces[0], ...pieces] })],
  [
    'a piece of another group',
    ({ pieces }) => ({ pieces: change(pieces, 0, (entry) => ({ ...entry, group: 1 - entry.group })) }),
  ],
  [
    'a sum that is off by one',
    ({ sums }) => ({ sums: change(sums, 0, ({ group, words }) => ({ group, words: plusOne(words) })) }),
  ],
  ['a sum left out', ({ sums }) => ({ sums: sums.slice(1) })],
  ['a sum twice', ({ sums }) => ({ sums: [sums[0], ...sums] })],
  [
    'sums of groups exchanged',
    ({ sums }) => ({ sums: sums.map(({ words }, i) => ({ group: sums[1 - i].group, words })) }),
  ],
])('fails with %s', (_name, alter) => expect(audit({ ...genuine, ...alter(genuine) })).toBeDefined());

function plusOne(words: Uint8Array): Uint8Array {
  const { dimension, config } = scenario.round.verified;
  const sum = new WordSum(dimension, config.layout.word_bits);
  sum.addPacked(words);
  sum.addIntegers(new Float64Array(dimension).fill(1, 0, 1));
  return sum.toPacked();
}

it('fails wherever a bit of the transcript is turned', () => {
  const bytes = transcriptMessage.encode(earlier.transcript);
  for (let i = 0; i < 300; i++) {
    const at = Math.floor((bytes.length * (i + Math.random())) / 300);
    const altered = bytes.slice();
    altered[at] ^= 1 << i % 8;
    expect([at, codeOf(() => auditTranscript(fleet.authority.publicKey, transcriptMessage.decode(altered)))]).toEqual([
      at,
      expect.any(String),
    ]);
  }
});

it('fails under another authority, and for a policy the authority has not signed', () => {
  expect(codeOf(() => auditTranscript(quietFleet(1, 1, 1).authority.publicKey, genuine))).toBe('bad_signature');
  const stranger = quietFleet(4, 2, 6);
  expect(audit({ ...genuine, policy: stranger.view.documents.policy })).toBe('bad_signature');
});

it('fails when t-1 members sign another sum, however they divide their signatures', () => {
  const honest = quietFleet(7, 3, 7);
  const round = new Scenario(honest).contribute().finish();
  const { transcript } = round;
  const wrong = plusOneOf(round, transcript.pieces[0].words);
  const hash = pieceHash(
    round.round.verified,
    decisionHash(transcript.decision.body),
    0,
    transcript.pieces[0].piece,
    wrong,
  );
  const liars = honest.members.slice(2, 4);
  const lie = (member: (typeof liars)[number], signed: Transcript['answers'][number]) => {
    const body: Answer = answerMessage.decode(signed.body);
    return signDocument(
      answerMessage,
      'local',
      {
        ...body,
        hashes: body.hashes.map((entry) => (entry.piece === transcript.pieces[0].piece ? { ...entry, hash } : entry)),
      },
      voteSecretOf(member),
    );
  };
  const lies = liars.map((member) => lie(member, transcript.answers[honest.members.indexOf(member)]));
  const altered = (answers: Transcript['answers']) =>
    codeOf(() =>
      auditTranscript(honest.authority.publicKey, {
        ...transcript,
        answers,
        pieces: change(transcript.pieces, 0, (entry) => ({ ...entry, words: wrong })),
        sums: transcript.sums,
      }),
    );
  expect(altered(transcript.answers.map((entry, i) => lies[[2, 3].indexOf(i)] ?? entry))).toBe('wrong_answer');
  // One liar's signature repeated is one signature.
  expect(altered([...transcript.answers, ...lies, lies[0], lies[1]])).toBe('wrong_answer');
});

function plusOneOf(round: Scenario, words: Uint8Array): Uint8Array {
  const sum = new WordSum(round.dimension, round.config.layout.word_bits);
  sum.addPacked(words);
  sum.addIntegers(new Float64Array(round.dimension).fill(1));
  return sum.toPacked();
}

it('of a round before a change of policy goes by the documents of that round', () => {
  const changing = quietFleet(4, 2, 4);
  const before = new Scenario(changing).contribute().finish();
  distribute(
    changing,
    nextDocuments(changing, { revoke: ['router-3'], policy: () => ({ clock_tolerance_ms: 120_000 }) }),
  );
  before.expectExactly(changing.routers);
  expect(changing.routers[0].settle(changing.coordinator, before.key, now)?.outcome).toBe('included');
});

describe('a router that has a receipt', () => {
  const start = () => new Scenario(quietFleet(4, 2, 4));

  it('finds out when its contribution was dropped, and when reports explain why it was left out', () => {
    const dropped = start();
    const [victim, ...rest] = dropped.fleet.routers;
    // The coordinator signs the receipt and stores nothing.
    const { coordinator } = dropped.fleet;
    victim.keepReceipt(
      dropped.key,
      receiveContribution(coordinator.state, coordinator.context, dropped.key, dropped.build(victim)).reply,
    );
    dropped.contribute(rest).finish();
    expect(victim.settle(coordinator, dropped.key, now)).toMatchObject({
      outcome: 'left_out',
      receiptNotHonoured: true,
    });

    const excluded = start();
    const [bad, ...good] = excluded.fleet.routers;
    excluded.contribute([bad]);
    const lie = (member: (typeof excluded.fleet.members)[number]) =>
      new Liar(member, (target, self) => ({
        takeReport: (key, signed) =>
          target.takeReport(
            key,
            self.report(signed, ({ usable }) => ({ usable: usable.map((byte) => byte & 0xfe) })),
          ),
      }));
    excluded
      .contribute(good)
      .finish([...excluded.fleet.members.slice(0, 2).map(lie), ...excluded.fleet.members.slice(2)]);
    expect(bad.settle(excluded.fleet.coordinator, excluded.key, now)).toMatchObject({
      outcome: 'left_out',
      receiptNotHonoured: false,
    });
  });
});
