/**
 * Too few participants: a quorum aborts, nothing is opened, and routers take their data and their charge back on its
 * proof alone.
 */
import { unitsToRho } from '@secagg/dp-noise';
import { type Decision, decisionMessage, voteBodyMessage } from '@secagg/schema';
import { auditTranscript, LocalFleet, voteAbort, worstCaseUnits } from '../src';
import { decidedSet } from '../src/member/decided-set';
import { indexOf, openedBy } from './support/opened';
import { codeOf, now, quietFleet, random, Scenario } from './support/scenario';
import { forge } from './support/tamper';

const noisy = () => new LocalFleet({ routers: 5, committee: { size: 4, threshold: 2 }, random, nowMs: now });
const noise = {
  privacy: { unit: 'request', rho: 0.5, deltaInverse: 1_000_000 },
  minParticipantsPerGroup: 3,
} as const;

function aborted() {
  const fleet = noisy();
  const scenario = new Scenario(fleet, noise).contribute(fleet.routers.slice(0, 2)).finish();
  return { fleet, scenario };
}

it('the committee decides to abort with the reason, and nobody answers', () => {
  const { fleet, scenario } = aborted();
  expect(scenario.round.phase).toBe('aborted');
  expect(scenario.round.decision?.body).toMatchObject({ kind: 'abort', reason: 'insufficient_participants' });
  expect(scenario.round.decision?.decision.votes.length).toBeGreaterThanOrEqual(3);
  expect(scenario.round.answers.size).toBe(0);
  expect(auditTranscript(fleet.authority.publicKey, scenario.transcript).kind).toBe('aborted');
  expect(scenario.transcript.contributions).toEqual([]);
});

it('routers get their charge back, and take part in the next round with the same data', () => {
  const { fleet, scenario } = aborted();
  const [router] = fleet.routers;
  expect([...router.state.ledger.open.values()].map(({ units }) => units)).toEqual([worstCaseUnits(scenario.config)]);
  expect(unitsToRho(worstCaseUnits(scenario.config))).toBeLessThanOrEqual(0.5);
  expect(router.settle(fleet.coordinator, scenario.key, now)).toBeUndefined();
  expect(router.state.ledger.open.size).toBe(0);
  expect(router.state.ledger.settled.size).toBe(0);
  expect(router.state.participations.get(scenario.key)?.outcome).toBe('aborted');

  const next = new Scenario(fleet, noise).contribute().finish();
  expect(next.round.phase).toBe('published');
  expect(router.settle(fleet.coordinator, next.key, now)?.outcome).toBe('included');
  expect([...router.state.ledger.settled.values()][0].units).toBeLessThan(worstCaseUnits(next.config));
});

it('also when contributions fall below the minimum only because too few members can use one', () => {
  const fleet = quietFleet(4, 2, 4);
  const scenario = new Scenario(fleet, { minParticipantsPerGroup: 4 });
  const [bad, ...others] = fleet.routers;
  fleet.coordinator.contribute(
    scenario.key,
    forge(scenario.build(bad), bad.identity.secretKey, ({ boxes }) => ({
      boxes: boxes.map((box) => ({ ...box, ciphertext: random(80) })),
    })),
  );
  scenario.contribute(others).finish();
  expect(scenario.round.decision?.body).toMatchObject({ kind: 'abort', reason: 'insufficient_participants' });
});

it('a decision to abort opens nothing', () => {
  const { fleet, scenario } = aborted();
  const [member] = fleet.members;
  const { decision } = scenario.transcript;
  const opened = openedBy(scenario, member);
  expect(
    codeOf(() => decidedSet(opened, { body: decision.body, signature: random(64) }, decisionMessage.encode(decision))),
  ).toBe('no_decision');
});

it("nothing less than a quorum's abort of this very round gives a charge back", () => {
  const { fleet, scenario } = aborted();
  const [router] = fleet.routers;
  const { decision } = scenario.transcript;
  const other = new Scenario(fleet, noise).contribute(fleet.routers.slice(0, 1)).finish();
  const settleBy = (changed: Decision) =>
    codeOf(() => router.settleBy({ ...scenario.transcript, decision: changed }, scenario.key, now));
  const { epoch } = scenario.round.verified;
  expect(settleBy({ ...decision, votes: decision.votes.slice(0, epoch.quorum - 1) })).toBe('no_decision');
  expect(settleBy({ ...decision, votes: [...decision.votes.slice(0, epoch.quorum - 1), decision.votes[0]] })).toBe(
    'no_decision',
  );
  expect(settleBy(other.transcript.decision)).toBe('wrong_config');
  expect(
    settleBy({
      ...decision,
      body: voteBodyMessage.encode({ ...voteBodyMessage.decode(decision.body), kind: 'abort', reason: 'policy' }),
    }),
  ).toBe('bad_signature');
  expect(router.state.ledger.open.size).toBeGreaterThan(0);
  expect(settleBy(decision)).toBeUndefined();
  // Once settled, nothing is given back again.
  const { ledger } = router.state;
  expect(settleBy(decision)).toBeUndefined();
  expect(router.state.ledger).toBe(ledger);
});

it('an opened round is not settled by an abort that fewer than a quorum signed', () => {
  const fleet = noisy();
  const scenario = new Scenario(fleet, noise).contribute().finish();
  const [router] = fleet.routers;
  const votes = fleet.members
    .slice(0, 2)
    .map(
      (member) =>
        voteAbort({ ...member.state, rounds: new Map() }, scenario.round.verified, indexOf(scenario, member), 'policy')
          .reply,
    );
  const forged: Decision = {
    body: votes[0].body,
    votes: votes.map(({ member, signature }) => ({ member, signature })),
  };
  expect(codeOf(() => router.settleBy({ ...scenario.transcript, decision: forged }, scenario.key, now))).toBe(
    'no_decision',
  );
  expect(router.state.ledger.open.size).toBe(1);
});

it('a round with neither decision stays charged', () => {
  const fleet = noisy();
  const scenario = new Scenario(fleet, noise).contribute().finish(fleet.members.slice(0, 2));
  expect(scenario.round.phase).toBe('undecided');
  expect(codeOf(() => fleet.routers[0].settle(fleet.coordinator, scenario.key, now))).toBe('no_decision');
  expect(fleet.routers[0].state.ledger.open.size).toBe(1);
});
