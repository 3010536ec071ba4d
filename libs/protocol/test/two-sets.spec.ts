/**
 * Two sets of one round that differ in one victim would open the victim's vector as their difference. A coordinator
 * that proposes both, with t-1 members helping, gets one of them answered at most, however it shows them to the honest
 * members.
 */
import { WordSum } from '@secagg/crypto';
import {
  contributionMessage,
  type Decision,
  decisionMessage,
  type MemberIndex,
  proposalMessage,
  reportMessage,
  type Signed,
  type Vote,
} from '@secagg/schema';
import {
  answer,
  decidedSet,
  evolveMember,
  type LocalMember,
  type LocalRouter,
  type MemberState,
  type OpenedViews,
  report,
  signDocument,
  verifyDecision,
  voteReady,
} from '../src';
import { inRound } from '../src/round/verified-round';
import { voteSecretOf } from './support/liars';
import { indexOf, openedBy, viewsOf } from './support/opened';
import { codeOf, quietFleet, Scenario } from './support/scenario';

/** What one side of the coordinator's double game is about: the contributions it shows, and its proposal. */
interface Side {
  readonly opened: ReadonlyMap<LocalMember, OpenedViews>;
  readonly proposal: Signed;
}

const clone = (state: MemberState): MemberState => ({
  ...state,
  seats: new Map([...state.seats].map(([epoch, seat]) => [epoch, { ...seat }])),
  rounds: new Map([...state.rounds].map(([key, round]) => [key, { ...round }])),
});

function closed(size: number, threshold: number) {
  const scenario = new Scenario(quietFleet(size, threshold, size)).contribute();
  scenario.fleet.coordinator.tick(scenario.closeMs);
  const { members } = scenario.fleet;
  return { scenario, corrupt: members.slice(0, threshold - 1), honest: members.slice(threshold - 1) };
}

/** The victim is the last router. One side shows and includes everybody. */
function everybody(scenario: Scenario, members: readonly LocalMember[]): Side {
  const opened = new Map(members.map((member) => [member, openedBy(scenario, member)]));
  return {
    opened,
    proposal: propose(
      scenario,
      members.map((member) => report(clone(member.state), opened.get(member) as OpenedViews).reply),
    ),
  };
}

/** The other side leaves the victim out by way of the corrupt members' reports... */
function reportedBad(
  scenario: Scenario,
  corrupt: readonly LocalMember[],
  honest: readonly LocalMember[],
  threshold: number,
): Side {
  const side = everybody(scenario, [...corrupt, ...honest]);
  const lies = corrupt.map((member) => {
    const { reply } = report(clone(member.state), side.opened.get(member) as OpenedViews);
    const body = reportMessage.decode(reply.body);
    const usable = body.usable.slice();
    const victim = body.count - 1;
    usable[victim >> 3] &= ~(1 << (victim & 7));
    return signDocument(reportMessage, 'local', { ...body, usable }, voteSecretOf(member));
  });
  // As few honest reports as the others' contributions need: together with the lies, too few for the victim.
  const truths = honest
    .slice(0, threshold)
    .map((member) => report(clone(member.state), side.opened.get(member) as OpenedViews).reply);
  return { opened: side.opened, proposal: propose(scenario, [...lies, ...truths]) };
}

/** ... or by not showing its contribution at all. */
function hidden(scenario: Scenario, members: readonly LocalMember[]): Side {
  const opened = new Map(
    members.map((member) => [member, openedBy(scenario, member, viewsOf(scenario, member).slice(0, -1))]),
  );
  return {
    opened,
    proposal: propose(
      scenario,
      members.map((member) => report(clone(member.state), opened.get(member) as OpenedViews).reply),
    ),
  };
}

function propose(scenario: Scenario, reports: readonly Signed[]): Signed {
  const sorted = [...reports].sort((a, b) => reportMessage.decode(a.body).member - reportMessage.decode(b.body).member);
  return signDocument(
    proposalMessage,
    'local',
    { ...inRound(scenario.round.verified), reports: sorted },
    scenario.fleet.coordinator.context.identity.secretKey,
  );
}

const vote = (state: MemberState, member: LocalMember, side: Side): Vote => {
  const { events, reply } = voteReady(state, side.opened.get(member) as OpenedViews, side.proposal);
  for (const event of events) evolveMember(state, event);
  return reply;
};

/** The decisions that votes for identical bytes make, whatever their number. */
const decisionOf = (votes: readonly Vote[], body: Uint8Array): Decision => ({
  body,
  votes: votes
    .filter((entry) => Buffer.compare(entry.body, body) === 0)
    .map(({ member, signature }) => ({ member, signature }))
    .sort((a, b) => a.member - b.member),
});

describe.each([
  [4, 2],
  [7, 3],
])('of %i members, %i of whom open', (size, threshold) => {
  describe.each(['reported bad', 'hidden'] as const)('the victim is %s on one side', (way) => {
    const { scenario, corrupt, honest } = closed(size, threshold);
    const sides: [Side, Side] = [
      everybody(scenario, [...corrupt, ...honest]),
      way === 'hidden' ? hidden(scenario, [...corrupt, ...honest]) : reportedBad(scenario, corrupt, honest, threshold),
    ];
    const [one, other] = sides;
    const bodies = sides.map((side) => vote(clone(honest[0].state), honest[0], side).body);
    const { verified: round } = scenario.round;

    it('the two proposals are both in order, and differ in the victim alone', () => {
      const sets = sides.map((side) => {
        const votes = [...corrupt, ...honest].map((member) => vote(clone(member.state), member, side));
        const opened = side.opened.get(honest[0]) as OpenedViews;
        return decidedSet(
          opened,
          side.proposal,
          decisionMessage.encode(decisionOf(votes, votes[0].body)),
        ).set.groups[0].members.map((entry) => entry.header.router as string);
      });
      expect(sets[0]).toEqual(scenario.fleet.routers.map((router) => router.identity.id as string));
      expect(sets[1]).toEqual(sets[0].slice(0, -1));
    });

    it('however the honest members are divided between them, at most one is decided and answered', () => {
      let decided = 0;
      for (let division = 0; division < 2 ** honest.length; division++) {
        const states = new Map(honest.map((member) => [member, clone(member.state)]));
        const votes = [
          ...corrupt.flatMap((member) => sides.map((side) => vote(clone(member.state), member, side))),
          ...honest.map((member, i) => vote(states.get(member) as MemberState, member, sides[(division >> i) & 1])),
        ];
        // Asked about the other side as well, they refuse.
        honest.forEach((member, i) =>
          expect(codeOf(() => vote(states.get(member) as MemberState, member, sides[1 - ((division >> i) & 1)]))).toBe(
            'already_voted',
          ),
        );
        const unique = [
          ...new Map(
            votes.map((entry) => [`${entry.member}/${Buffer.from(entry.body).toString('hex')}`, entry]),
          ).values(),
        ];
        const passed = bodies.filter(
          (body) => codeOf(() => verifyDecision(round, decisionOf(unique, body))) === undefined,
        );
        expect(passed.length).toBeLessThanOrEqual(1);
        decided += passed.length;
        sides.forEach((side, s) => {
          if (passed.includes(bodies[s])) return;
          for (const member of honest) {
            const opened = side.opened.get(member) as OpenedViews;
            expect(
              codeOf(() => decidedSet(opened, side.proposal, decisionMessage.encode(decisionOf(unique, bodies[s])))),
            ).toBe('no_decision');
          }
        });
      }
      // Both ways of winning outright are among the divisions.
      expect(decided).toBeGreaterThanOrEqual(2);
    });

    it('a decision on one side does not open the other', () => {
      const votes = [...corrupt, ...honest].map((member) => vote(clone(member.state), member, one));
      const decision = decisionMessage.encode(decisionOf(votes, bodies[0]));
      const [member] = honest;
      expect(codeOf(() => decidedSet(other.opened.get(member) as OpenedViews, other.proposal, decision))).toBe(
        'no_decision',
      );
      expect(codeOf(() => decidedSet(other.opened.get(member) as OpenedViews, one.proposal, decision))).toBe(
        way === 'hidden' ? 'bad_proposal' : undefined,
      );
      // Votes for one body do not count for another, and no vote counts twice.
      const signatures = decisionOf(votes, bodies[0]).votes;
      expect(codeOf(() => verifyDecision(round, { body: bodies[1], votes: signatures }))).toBe('bad_signature');
      expect(
        codeOf(() =>
          verifyDecision(round, {
            body: bodies[0],
            votes: [...signatures.slice(0, round.epoch.quorum - 1), signatures[0]],
          }),
        ),
      ).toBe('no_decision');
    });

    it('the positive control: one honest member rolled back is one corrupt member too many, and the victim is opened', () => {
      const rolledBack = honest[0];
      const [forOne, forOther] = [
        honest.slice(1, 1 + Math.ceil((honest.length - 1) / 2)),
        honest.slice(1 + Math.ceil((honest.length - 1) / 2)),
      ];
      const decisions = sides.map((side, s) => {
        const votes = [...corrupt, rolledBack, ...(s === 0 ? forOne : forOther)].map((member) =>
          vote(clone(member.state), member, side),
        );
        return decisionOf(votes, bodies[s]);
      });
      for (const decision of decisions) expect(codeOf(() => verifyDecision(round, decision))).toBeUndefined();
      // Every piece is answered for both: its sums over the two sets differ by the victim's own keystream.
      const { dimension, config } = round;
      const keystreams = sides.map((side, s) => {
        const sum = new WordSum(dimension, config.layout.word_bits);
        for (const piece of round.epoch.pieces) {
          const member = honest.find((holder) => ((piece >> indexOf(scenario, holder)) & 1) === 0) as LocalMember;
          const opened = side.opened.get(member) as OpenedViews;
          const decided = decidedSet(opened, side.proposal, decisionMessage.encode(decisions[s]));
          sum.addPacked(answer(member.state, opened, decided, [{ group: 0, piece }]).reply.pieces[0].words);
        }
        return sum;
      });
      const victim = scenario.fleet.routers.at(-1) as LocalRouter;
      const { context } = scenario.fleet.coordinator;
      const opening = new WordSum(dimension, config.layout.word_bits);
      opening.addPacked(contributionMessage.decode(context.contribution(scenario.key, victim.identity.id)).ciphertext);
      keystreams[0].subtract(keystreams[1]);
      opening.subtract(keystreams[0]);
      expect(opening.toSigned()).toEqual(scenario.vectorOf(victim));
    });
  });
});

it("answers are for the members of the epoch: nobody else's vote counts", () => {
  const { scenario, honest, corrupt } = closed(4, 2);
  const side = everybody(scenario, [...corrupt, ...honest]);
  const votes = [...corrupt, ...honest].map((member) => vote(clone(member.state), member, side));
  const { verified: round } = scenario.round;
  const forged = (change: Partial<Vote>) =>
    verifyDecision(round, {
      body: votes[0].body,
      votes: votes.map((entry, i) => ({
        member: entry.member,
        signature: entry.signature,
        ...(i === 3 ? change : {}),
      })),
    });
  expect(codeOf(() => forged({}))).toBeUndefined();
  expect(codeOf(() => forged({ member: 9 as MemberIndex }))).toBe('no_seat');
  expect(codeOf(() => forged({ signature: votes[0].signature }))).toBe('bad_signature');
});
