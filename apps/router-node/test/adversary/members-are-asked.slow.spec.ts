/**
 * Attacks of a coordinator, its accomplice on the committee and lying routers on a victim's vector, and on the round:
 * real members refuse them, each at a check of its own.
 */
import './support/without-checks';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  answer,
  decidedSet,
  evidenceOfTwo,
  groupOf,
  type Identity,
  openViews,
  type OpenedViews,
  transferSeeds,
  type VerifiedRound,
  verifyDecision,
  verifyEvidence,
} from '@secagg/protocol';
import {
  answerBodyMessage,
  answerMessage,
  type Contribution,
  type Decision,
  decisionMessage,
  type PartyId,
  type Signed,
  signedMessage,
  voteMessage,
} from '@secagg/schema';
import { random } from '@secagg/testbed/random';
import { type Attack, expectLayers, quietly } from './support/attack';
import { emptyContribution, reheaded, withBadBoxes } from './support/forge';
import { about, ACCOMPLICE, HONEST, must, Refused, type Said, Siege, VICTIM } from './support/siege';

jest.setTimeout(180_000);

let siege: Siege;
beforeAll(async () => {
  siege = await Siege.lay({ cluster: { max_groups: 8 } });
});
afterAll(() => siege.lift());

/** Routers of the coordinator's own, with certificates. */
const own = (count: number): Identity[] =>
  [ACCOMPLICE, 'router-5', 'router-6', 'router-7', 'router-8', 'router-9']
    .slice(0, count)
    .map((id) => siege.identity(id));
const empties = (round: VerifiedRound, identities: readonly Identity[]): Contribution[] =>
  identities.map((identity) => emptyContribution(round, identity));
const same = (values: Float64Array, expected: Float64Array): boolean =>
  values.every((value, i) => value === expected[i]) && expected.some((value) => value !== 0);

/**
 * Has these contributions reported on, voted for and answered by the honest members, with the accomplice calling
 * everything usable.
 */
async function openAll(round: VerifiedRound, contributions: readonly Contribution[]): Promise<Said[]> {
  siege.show(round, contributions);
  const reports = await siege.reports(round);
  const proposal = siege.propose(round, [...reports, siege.falseReport(round, () => true)]);
  const decision = siege.decision(round, await siege.votes(round, proposal, HONEST));
  return siege.answers(round, proposal, decision, HONEST);
}

let count = 0;
/** A round with a vector of the victim's that no other round has, and what it is. */
async function victimsRound(
  plan: Parameters<Siege['openRound']>[0] = {},
): Promise<{ round: VerifiedRound; expected: Float64Array }> {
  const vector = await siege.victimObserves((count += 1));
  const round = await siege.openRound(plan);
  return { round, expected: vector(round) };
}

const attacks: Record<string, Attack> = {
  'a sum without enough contributions': {
    layers: ['set.min_participants'],
    run: async () => {
      const { round, expected } = await victimsRound();
      const answers = await openAll(round, [siege.contributionOf(round), ...empties(round, own(1))]);
      return same(siege.opened(round, answers), expected);
    },
  },
  'invented routers that fill up the minimum': {
    layers: ['header.certificate', 'header.signature'],
    run: async () => {
      const { round, expected } = await victimsRound();
      const ghosts = ['ghost-1', 'ghost-2'].map((id): Identity => ({ id: id as PartyId, secretKey: random(32) }));
      const answers = await openAll(round, [siege.contributionOf(round), ...empties(round, ghosts)]);
      return same(siege.opened(round, answers), expected);
    },
  },
  "routers that choose the victim's group": {
    layers: ['header.group'],
    run: async () => {
      const { round, expected } = await victimsRound({ groups: 2 });
      const group = groupOf(round.config, VICTIM as PartyId);
      const steered = own(6).map((identity, i) =>
        reheaded(emptyContribution(round, identity), identity, { group: i < 2 ? group : 1 - group }),
      );
      const answers = await openAll(round, [siege.contributionOf(round), ...steered]);
      return same(siege.opened(round, answers, group), expected);
    },
  },
  'a contribution of an earlier round': {
    layers: ['header.round', 'header.config', 'box.bound', 'box.commitments', quietly('pad.bound')],
    run: async () => {
      const { round: before, expected } = await victimsRound();
      const { round } = await victimsRound();
      const replayed = siege.contributionOf(before);
      const answers = await openAll(round, [replayed, ...empties(round, own(3))]);
      return same(openedWithout(round, answers), expected);
    },
  },
  "the victim's ciphertext and boxes under another name": {
    layers: ['box.bound', 'box.commitments', quietly('pad.bound')],
    run: async () => {
      const { round, expected } = await victimsRound();
      const [thief, ...others] = own(4);
      const answers = await openAll(round, [reheaded(siege.contributionOf(round), thief), ...empties(round, others)]);
      return same(openedWithout(round, answers), expected);
    },
  },
  'two sets that differ in the victim, with the accomplice reporting twice': {
    layers: ['vote.once', 'answer.one_decision'],
    run: async () => {
      const { round, expected } = await victimsRound();
      const [everybody, others] = await twoProposals(round);
      const [first, second] = [
        siege.decision(round, await siege.votes(round, everybody, HONEST)),
        siege.decision(round, await siege.votes(round, others, HONEST)),
      ];
      const withVictim = siege.opened(round, await siege.answers(round, everybody, first, HONEST));
      const without = siege.opened(
        round,
        await siege.answers(round, others, second, HONEST),
        0,
        own(3).map(({ id }) => id),
      );
      return same(
        withVictim.map((value, i) => value - without[i]),
        expected,
      );
    },
  },
  'other contributions than those reported on': {
    layers: ['report.once'],
    run: async () => {
      const { round } = await victimsRound();
      siege.show(round, [siege.contributionOf(round), ...empties(round, own(3))]);
      const first = await siege.reports(round);
      siege.show(round, empties(round, own(4)));
      // A member looks at what it is shown once; after a restart it looks again.
      await Promise.all(HONEST.map((id) => restart(id)));
      const second = await siege.reports(round);
      return second.every(({ body }, i) => Buffer.compare(body, first[i].body) !== 0);
    },
  },
  'a member of the committee that reports everything as bad': {
    layers: [quietly('set.false_reports')],
    run: async () => {
      const { round, expected } = await victimsRound();
      siege.show(round, [siege.contributionOf(round), ...empties(round, own(2))]);
      const proposal = siege.propose(round, [...(await siege.reports(round)), siege.falseReport(round, () => false)]);
      const votes = await siege.votes(round, proposal, HONEST);
      if (votes.every(({ refused }) => refused?.code === 'insufficient_participants')) return true;
      const answers = await siege.answers(round, proposal, siege.decision(round, votes), HONEST);
      expect(same(siege.opened(round, answers), expected)).toBe(true);
      return false;
    },
  },
  'a router whose boxes no honest member can open': {
    layers: [quietly('set.usable')],
    run: async () => {
      const { round } = await victimsRound();
      const [spoiler, ...others] = own(4);
      const spoiled = withBadBoxes(
        emptyContribution(round, spoiler),
        spoiler,
        HONEST.map((id) => siege.memberIndex(id)),
      );
      siege.show(round, [siege.contributionOf(round), spoiled, ...empties(round, others)]);
      const proposal = siege.propose(round, [...(await siege.reports(round)), siege.falseReport(round, () => true)]);
      const answers = await siege.answers(
        round,
        proposal,
        siege.decision(round, await siege.votes(round, proposal, HONEST)),
        HONEST,
      );
      // Included, it keeps the round from ever being opened.
      return answers.every(({ refused }) => refused?.code === 'recovery_failed');
    },
  },
  'wrong seeds passed on for a router whose box one member cannot open': {
    layers: [quietly('transfer.commitments')],
    run: async () => {
      const { round } = await victimsRound();
      const [spoiler, ...others] = own(4);
      const [robbed, ...helpers] = HONEST;
      const spoiled = withBadBoxes(emptyContribution(round, spoiler), spoiler, [siege.memberIndex(robbed)]);
      siege.show(round, [siege.contributionOf(round), spoiled, ...empties(round, others)]);
      const proposal = siege.propose(round, [...(await siege.reports(round)), siege.falseReport(round, () => true)]);
      const decision = siege.decision(round, await siege.votes(round, proposal, HONEST));
      const needs = { to: siege.memberIndex(robbed), routers: [spoiler.id] };
      const passed = await Promise.all(
        helpers.map(async (id) =>
          signedMessage.decode(
            must(
              await siege.ask(id, {
                kind: 'transfer',
                ...about(round),
                proposal,
                decision: decisionMessage.encode(decision),
                needs: [needs],
              }),
            ),
          ),
        ),
      );
      const opened = accompliceOpens(round);
      const wrong: OpenedViews = {
        ...opened,
        seeds: opened.seeds.map(
          (seeds) => seeds && new Map([...seeds].map(([piece, seed]) => [piece, random(seed.length)])),
        ),
      };
      const lie = transferSeeds(
        siege.accomplice.state,
        wrong,
        decidedSet(opened, proposal, decisionMessage.encode(decision)),
        needs,
        random,
      );
      const [misled] = await siege.answers(round, proposal, decision, [robbed], [...passed, lie]);
      const honest = await siege.answers(round, proposal, decision, helpers);
      const hashes = [misled, ...honest].map(
        (said) => answerMessage.decode(answerBodyMessage.decode(must(said)).answer.body).hashes,
      );
      // With all of them honest, hashes of the same piece are the same.
      return hashes[0].some(({ piece, hash }) =>
        hashes
          .slice(1)
          .some((list) => list.some((entry) => entry.piece === piece && Buffer.compare(entry.hash, hash) !== 0)),
      );
    },
  },
  'a decision that only the accomplice signed': {
    layers: ['decision.quorum'],
    run: async () => {
      const { round } = await victimsRound();
      siege.show(round, [siege.contributionOf(round), ...empties(round, own(2))]);
      const proposal = siege.propose(round, [...(await siege.reports(round)), siege.falseReport(round, () => true)]);
      const [first] = await siege.votes(round, proposal, ['router-0']);
      const decision = siege.decision(round, [first]);
      return (await siege.answers(round, proposal, decision, HONEST)).map(must).length === HONEST.length;
    },
  },
  'a decision about another set than the proposed one': {
    layers: ['decision.set'],
    run: async () => {
      const { round } = await victimsRound();
      const [everybody, others] = await twoProposals(round);
      const decision = siege.decision(round, await siege.votes(round, everybody, HONEST));
      return (await siege.answers(round, others, decision, HONEST)).map(must).length === HONEST.length;
    },
  },
};

/** Without the contributions that members could not use: those of a set are what their honest majority says. */
function openedWithout(round: VerifiedRound, answers: readonly Said[]): Float64Array {
  const faulty = new Set(
    HONEST.flatMap((id) =>
      siege
        .node(id)
        .log.filter((line) => line.msg === 'box cannot be used' && line.round === round.config.round)
        .map((line) => line.router as string),
    ),
  );
  return siege.opened(
    round,
    answers,
    0,
    siege
      .headers(round)
      .map(({ header }) => header.router as string)
      .filter((router) => !faulty.has(router)),
  );
}

/** Two proposals in order, with the victim and without: the accomplice reports its box as good and as bad. */
async function twoProposals(round: VerifiedRound): Promise<[Signed, Signed]> {
  siege.show(round, [siege.contributionOf(round), ...empties(round, own(3))]);
  const victim = siege.headers(round).findIndex(({ header }) => header.router === VICTIM);
  const reports = await siege.reports(round);
  return [
    siege.propose(round, [...reports, siege.falseReport(round, () => true)]),
    siege.propose(round, [...reports.slice(0, 2), siege.falseReport(round, (i) => i !== victim)]),
  ];
}

function accompliceOpens(round: VerifiedRound): OpenedViews {
  const index = siege.memberIndex(ACCOMPLICE);
  const secrets = siege.accomplice.state.seats.get(round.config.epoch)?.secrets;
  if (!secrets) throw new Error('the accomplice has no seat');
  return openViews(round, index, secrets.kemSecret, siege.shownTo(round, index));
}

async function restart(id: string): Promise<void> {
  await siege.node(id).stop('SIGKILL');
  await siege.start(id);
}

it.each(Object.entries(attacks))('%s', async (_name, attack) => {
  await expectLayers(siege, attack);
});

it('two proposals are kept as evidence against the coordinator', async () => {
  for (const id of HONEST) {
    const { client } = siege.node(id);
    const { evidence } = await client.evidence();
    const [entry] = evidence.filter(({ kind }) => kind === 'two-proposals');
    expect(
      verifyEvidence(siege.fleet.authority.publicKey, await client.evidenceAt(entry.path as string)),
    ).toMatchObject({ kind: 'two-proposals', party: 'coordinator' });
  }
});

describe('a member that comes back with an older disk', () => {
  const member = 'router-1';
  const folder = () => join(siege.fleet.folder, `${member}-data`);
  const committeeFiles = () => readdirSync(folder()).filter((name) => name.startsWith('committee.db'));

  /** What the accomplice answers, with its own seeds. */
  function accompliceAnswers(round: VerifiedRound, proposal: Signed, decision: Decision): Said {
    const opened = accompliceOpens(round);
    const decided = decidedSet(opened, proposal, decisionMessage.encode(decision));
    const pieces = round.epoch.pieces
      .filter((piece) => ((piece >> opened.member) & 1) === 0)
      .map((piece) => ({ group: 0, piece }));
    return {
      sent: answerBodyMessage.encode(
        answer({ ...siege.accomplice.state, rounds: new Map() }, opened, decided, pieces).reply,
      ),
    };
  }

  it('rolled back, votes twice: it counts as one more corrupt member, which one accomplice makes too many; alone it makes no second decision; either way its votes are evidence', async () => {
    const { round, expected } = await victimsRound();
    const [everybody, others] = await twoProposals(round);
    await siege.node(member).stop('SIGKILL');
    const saved = join(siege.fleet.folder, 'saved');
    cpSync(folder(), saved, { recursive: true });
    await siege.start(member);
    const forAll = await siege.votes(round, everybody, ['router-0', member]);
    await siege.node(member).stop('SIGKILL');
    rmSync(folder(), { recursive: true });
    cpSync(saved, folder(), { recursive: true });
    await siege.start(member);
    const forOthers = await siege.votes(round, others, [member, 'router-2']);

    const decisions = [siege.decision(round, forAll), siege.decision(round, forOthers)];
    const [withVictim, without] = await Promise.all([
      siege
        .answers(round, everybody, decisions[0], ['router-0'])
        .then((said) => siege.opened(round, [...said, accompliceAnswers(round, everybody, decisions[0])])),
      siege.answers(round, others, decisions[1], ['router-2']).then((said) =>
        siege.opened(
          round,
          [...said, accompliceAnswers(round, others, decisions[1])],
          0,
          own(3).map(({ id }) => id),
        ),
      ),
    ]);
    expect(withVictim.map((value, i) => value - without[i])).toEqual(expected);

    for (const said of [forAll, forOthers])
      expect(() => verifyDecision(round, siege.decision(round, said, false))).toThrow('not signed by a quorum');
    const [one, other] = [forAll[1], forOthers[0]].map((said) => voteMessage.decode(must(said)));
    const evidence = evidenceOfTwo(siege.fleet.view, {
      kind: 'two-votes',
      party: member,
      statements: [one, other],
      epoch: round.epoch.certificate,
    });
    expect(verifyEvidence(siege.fleet.authority.publicKey, evidence as Uint8Array)).toMatchObject({
      kind: 'two-votes',
      party: member,
      round: round.config.round,
    });
  });

  it("restored from a backup, which its epoch's secrets are in none of, cannot speak for its seat, whatever is switched off", async () => {
    const { round } = await victimsRound();
    const [everybody] = await twoProposals(round);
    await siege.node(member).stop('SIGKILL');
    expect(committeeFiles().length).toBeGreaterThan(0);
    for (const name of committeeFiles()) rmSync(join(folder(), name));
    await siege.start(member);
    siege.switchOff([
      'vote.once',
      'report.once',
      'seat.secrets',
      'epoch.newer',
      'epoch.own_keys',
      'vote.signed',
      'report.signed',
    ]);
    for (const said of [
      await siege.ask(member, { kind: 'report', ...about(round) }),
      ...(await siege.votes(round, everybody, [member])),
    ]) {
      expect(() => must(said)).toThrow(Refused);
      expect(said.refused).toMatchObject({ code: 'no_seat', check: 'seat.secrets' });
    }
  });
});
