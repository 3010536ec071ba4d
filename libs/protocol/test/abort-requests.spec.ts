/**
 * Members abort what the coordinator has signed that it wants aborted, and nothing else; for which reason is not
 * counted.
 */
import {
  type AbortReason,
  type AbortRequest,
  abortRequestMessage,
  type Decision,
  type Signed,
  type Vote,
  voteBodyMessage,
  type WorkItem,
  workMessage,
} from '@secagg/schema';
import {
  askedToAbort,
  auditTranscript,
  type CoordinatorEvent,
  decideTheSame,
  emptyCoordinator,
  evolveCoordinator,
  inRound,
  type LocalMember,
  roundOf,
  signDocument,
  verifyDecision,
  workFor,
} from '../src';
import { codeOf, now, quietFleet, random, Scenario } from './support/scenario';

type AbortItem = Extract<WorkItem, { kind: 'abort' }>;

/** Closed with too few contributions: members are asked to abort. */
function toAbort() {
  const fleet = quietFleet(4, 2, 4);
  const scenario = new Scenario(fleet).contribute(fleet.routers.slice(0, 1));
  fleet.coordinator.tick(scenario.closeMs);
  const { coordinator } = fleet;
  const shown = ({ identity }: LocalMember): AbortItem[] =>
    workMessage
      .decode(coordinator.work(identity.id, scenario.closeMs))
      .items.filter((item): item is AbortItem => item.kind === 'abort');
  return { fleet, scenario, coordinator, shown };
}

/** A coordinator's signed wish, with changes. */
function requestOf(
  { fleet, scenario }: ReturnType<typeof toAbort>,
  changes: Partial<AbortRequest> = {},
  secretKey = fleet.coordinator.context.identity.secretKey,
): Signed {
  const body: AbortRequest = {
    ...inRound(scenario.round.verified),
    reason: 'no_valid_proposal',
    at_ms: scenario.closeMs,
    ...changes,
  };
  return signDocument(abortRequestMessage, fleet.view.fleet, body, secretKey);
}

/** A member that is shown this in the place of the coordinator's abort item. */
function shownInstead({ fleet, scenario }: ReturnType<typeof toAbort>, item: Partial<AbortItem>) {
  const [member] = fleet.members;
  const { coordinator } = fleet;
  const before = member.state.rounds.get(scenario.key);
  const votes: unknown[] = [];
  const desk = {
    ...coordinator,
    work: (id: typeof member.identity.id, nowMs: number) => {
      const work = workMessage.decode(coordinator.work(id, nowMs));
      const items = work.items.map((entry) =>
        entry.kind === 'abort'
          ? { kind: entry.kind, cluster: entry.cluster, round: entry.round, announcement: entry.announcement, ...item }
          : entry,
      );
      return workMessage.encode({ ...work, items });
    },
    takeVote: (_key: string, vote: unknown) => void votes.push(vote),
  };
  const code = codeOf(() => member.work(desk as never, scenario.closeMs));
  return { code, votes: votes.length, changed: member.state.rounds.get(scenario.key) !== before };
}

it('members are shown a request that the coordinator has signed, the same one each time', () => {
  const { fleet, scenario, shown } = toAbort();
  const [item] = shown(fleet.members[0]);
  expect(item.reason).toBeUndefined();
  expect(abortRequestMessage.decode((item.request as Signed).body)).toEqual({
    ...inRound(scenario.round.verified),
    reason: 'insufficient_participants',
    at_ms: scenario.closeMs,
  });
  fleet.coordinator.tick(scenario.closeMs + 1);
  expect(shown(fleet.members[1])).toEqual([item]);
  expect(askedToAbort(scenario.round.verified, item, scenario.closeMs)).toBe('insufficient_participants');
});

it.each<[string, string, (round: ReturnType<typeof toAbort>) => Partial<AbortItem>]>([
  ['without a signature', 'bad_signature', () => ({ reason: 'policy' })],
  ['signed by somebody else', 'bad_signature', (round) => ({ request: requestOf(round, {}, random(32)) })],
  [
    'that is another statement of the coordinator',
    'bad_signature',
    ({ scenario }) => ({ request: scenario.round.verified.announcement }),
  ],
  [
    'replayed from another round',
    'wrong_config',
    (round) => {
      const earlier = new Scenario(round.fleet);
      round.coordinator.tick(earlier.closeMs);
      return { request: roundOf(round.coordinator.state, earlier.key).abortRequest };
    },
  ],
  ['for another fleet', 'wrong_config', (round) => ({ request: requestOf(round, { fleet: 'other' }) })],
  [
    'for another cluster',
    'wrong_config',
    (round) => ({ request: requestOf(round, { cluster: '0'.repeat(16) as never }) }),
  ],
  ['for another epoch', 'wrong_config', (round) => ({ request: requestOf(round, { epoch_hash: random(32) }) })],
  [
    'for another configuration',
    'wrong_config',
    (round) => ({ request: requestOf(round, { config_hash: random(32) }) }),
  ],
  [
    'of the future',
    'policy',
    (round) => ({
      request: requestOf(round, {
        at_ms: round.scenario.closeMs + round.fleet.view.policy.clock_tolerance_ms + 1,
      }),
    }),
  ],
])('a request %s is refused, and changes nothing', (_name, code, forge) => {
  const round = toAbort();
  expect(shownInstead(round, forge(round))).toEqual({ code, votes: 0, changed: false });
  expect(round.fleet.members[0].state.rounds.get(round.scenario.key)?.vote).toBeUndefined();
  // The genuine one is taken all the same.
  round.scenario.finish();
  expect(round.scenario.round.phase).toBe('aborted');
});

it('a member of an earlier release is given the reason alone, which it knows', () => {
  const { fleet, coordinator, scenario } = toAbort();
  const { items } = workFor(
    coordinator.state,
    coordinator.context,
    fleet.members[0].identity.id,
    scenario.closeMs,
    false,
  );
  expect(items).toEqual([
    {
      kind: 'abort',
      cluster: scenario.config.cluster,
      round: scenario.config.round,
      announcement: scenario.round.verified.announcement,
      reason: 'insufficient_participants',
    },
  ]);
});

it('a round that an earlier release has put to an abort vote is signed for by the next tick', () => {
  const { coordinator, scenario } = toAbort();
  const reason = 'insufficient_participants';
  coordinator.commit({ events: [{ type: 'abort-proposed', key: scenario.key, reason }], reply: undefined });
  expect(scenario.round.abortRequest).toBeUndefined();
  scenario.finish();
  expect(scenario.round.decision?.body).toMatchObject({ kind: 'abort', reason });
});

describe('members that are given different reasons', () => {
  /** As when a coordinator comes back from a backup after some have voted: these get one reason, the others another. */
  function divided(first: number) {
    const round = toAbort();
    const { fleet, scenario, coordinator } = round;
    for (const member of fleet.members.slice(0, first)) member.work(coordinator, scenario.closeMs);
    coordinator.commit({
      events: [{ type: 'abort-proposed', key: scenario.key, reason: 'coordinator_restored' }],
      reply: undefined,
    });
    coordinator.tick(scenario.closeMs);
    for (const member of fleet.members.slice(first)) member.work(coordinator, scenario.closeMs);
    return round;
  }
  const reasonsOf = ({ votes, body }: Decision): (AbortReason | undefined)[] =>
    votes.map(({ reason }) => {
      const vote = voteBodyMessage.decode(body);
      return reason ?? (vote.kind === 'abort' ? vote.reason : undefined);
    });

  it('abort the round all the same, and routers and auditors take it', () => {
    const { fleet, scenario, coordinator } = divided(2);
    expect(scenario.round.phase).toBe('aborted');
    const { decision } = scenario.transcript;
    expect(reasonsOf(decision)).toEqual([
      'insufficient_participants',
      'insufficient_participants',
      'coordinator_restored',
    ]);
    expect(auditTranscript(fleet.authority.publicKey, scenario.transcript).kind).toBe('aborted');
    const [router] = fleet.routers;
    expect(router.settle(coordinator, scenario.key, now)).toBeUndefined();
    expect(router.state.participations.get(scenario.key)?.outcome).toBe('aborted');
  });

  it('make the decision of earlier releases where a quorum had the same', () => {
    const { decision } = toAbort().scenario.finish().transcript;
    expect(decision.votes).toHaveLength(3);
    expect(decision.votes.every((vote) => !('reason' in vote))).toBe(true);
  });

  it('cannot be given others: each reason is signed', () => {
    const { scenario } = divided(2);
    const { verified: round } = scenario.round;
    const { decision } = scenario.transcript;
    const change = (vote: number, reason?: AbortReason): Decision => ({
      ...decision,
      votes: decision.votes.map(({ member, signature, ...rest }, i) => ({
        member,
        signature,
        ...(i !== vote ? rest : reason && { reason }),
      })),
    });
    expect(codeOf(() => verifyDecision(round, decision))).toBeUndefined();
    expect(codeOf(() => verifyDecision(round, change(2)))).toBe('bad_signature');
    expect(codeOf(() => verifyDecision(round, change(2, 'policy')))).toBe('bad_signature');
    expect(codeOf(() => verifyDecision(round, change(0, 'policy')))).toBe('bad_signature');
    const allOther = { ...decision, votes: decision.votes.map((vote) => ({ ...vote, reason: 'policy' as const })) };
    expect(codeOf(() => verifyDecision(round, allOther))).toBe('no_decision');
  });

  it('do not decide twice, whichever of them a decision names', () => {
    const { scenario } = divided(2);
    const [own, , other] = [...scenario.round.votes.values()].map(({ vote }) => vote.body);
    expect(Buffer.compare(own, other)).not.toBe(0);
    expect(decideTheSame(own, other)).toBe(true);
    const elsewhere = voteBodyMessage.encode({ ...voteBodyMessage.decode(own), config_hash: random(32) });
    expect(decideTheSame(own, elsewhere)).toBe(false);
  });

  it('abort a round that the journal of an earlier release has as undecided', () => {
    const { scenario, coordinator } = divided(2);
    coordinator.commit({ events: [{ type: 'round-undecided', key: scenario.key }], reply: undefined });
    expect(scenario.round.phase).toBe('aborted');
  });
});

it('the journal of an earlier release opens where a round went on after votes that now abort it', () => {
  const fleet = quietFleet(4, 2, 4);
  const { coordinator, members, view } = fleet;
  const written: CoordinatorEvent[] = [];
  coordinator.onEvent = (event) => void written.push(event);
  const scenario = new Scenario(fleet).contribute();
  const { key, closeMs: atMs } = scenario;
  coordinator.tick(atMs);
  for (const member of members.slice(0, 3)) member.work(coordinator, atMs);
  coordinator.tick(atMs + coordinator.context.timings.reportGraceMs);
  const kinds = written.map(({ type }) => type);
  const [closed, proposed] = ['round-closed', 'round-proposed'].map((kind) => kinds.indexOf(kind as never));
  expect(closed).toBeGreaterThan(0);
  expect(proposed).toBeGreaterThan(closed);

  const reasons: AbortReason[] = ['insufficient_participants', 'insufficient_participants', 'coordinator_restored'];
  const votes = reasons.map((reason, member): CoordinatorEvent => {
    const body = voteBodyMessage.encode({ ...inRound(scenario.round.verified), kind: 'abort', reason });
    return { type: 'vote-received', key, vote: { member, body, signature: random(64) } as Vote, atMs };
  });
  for (let at = closed; at <= proposed; at++) {
    const state = emptyCoordinator(view);
    for (const event of [...written.slice(0, at), ...votes, ...written.slice(at)]) evolveCoordinator(state, event);
    expect(roundOf(state, key).phase).toBe('aborted');
  }
});

it('only votes for an abort have reasons', () => {
  const scenario = new Scenario(quietFleet(4, 2, 4)).contribute().finish();
  const { decision } = scenario.transcript;
  const withReason: Decision = {
    ...decision,
    votes: decision.votes.map((vote, i) => (i === 1 ? { ...vote, reason: 'policy' as const } : vote)),
  };
  expect(codeOf(() => verifyDecision(scenario.round.verified, withReason))).toBe('no_decision');
});
