/** A member that is asked for a vote `ready` and, should it not be able to, for an abort. */
import { randomBytes } from 'node:crypto';
import {
  LocalFleet,
  type LocalMember,
  type MemberEvent,
  type MemberState,
  openViews,
  roundOf,
  type Step,
} from '@secagg/protocol';
import {
  defaultFields,
  type MemberIndex,
  memberViewsMessage,
  roundConfigMessage,
  type RoundNumber,
  SecaggError,
  type Vote,
  voteBodyMessage,
  type WorkItem,
  workMessage,
} from '@secagg/schema';
import { type Member } from './member';
import { type OpenedRounds } from './opened-rounds';
import { RoundWork } from './round-work';

const nowMs = Date.UTC(2026, 0, 1);
const lateMs = nowMs + 40_000;

/** A round whose time for votes is over, and what the last member, which was away, is asked for. */
function asked() {
  const fleet = new LocalFleet({
    routers: 4,
    committee: { size: 4, threshold: 2 },
    random: (length) => new Uint8Array(randomBytes(length)),
    nowMs,
    cluster: { unsafe_no_noise: true },
    limits: { unsafeNoNoise: true },
  });
  fleet.startEpoch(nowMs);
  const { coordinator, members, routers } = fleet;
  const { key } = fleet.announce(
    {
      keys: ['m:a'],
      fields: defaultFields(),
      maxRequestsPerRouter: 10,
      minParticipantsPerGroup: 2,
      maxParticipants: 4,
      groups: 1,
      privacy: { unit: 'request', rho: 'unsafe-none', assumedColluders: 0, deltaInverse: 1e6 },
      sendDelayMs: 0,
      durationMs: 1000,
    },
    nowMs,
  );
  const vector = () => new Float64Array(roundOf(coordinator.state, key).verified.dimension);
  for (const router of routers) router.send(coordinator, key, router.contribution(coordinator, key, vector(), nowMs));
  coordinator.tick(nowMs + 1000);
  for (const each of members.slice(0, 3)) each.work(coordinator, nowMs + 1000);
  coordinator.tick(nowMs + 5000);
  coordinator.tick(lateMs);
  const member = members[3];
  const { items } = workMessage.decode(coordinator.work(member.identity.id, lateMs));
  expect(items.map(({ kind }) => kind)).toEqual(['vote', 'abort']);
  return { fleet, key, member, items: items as Extract<WorkItem, { kind: 'vote' | 'abort' }>[] };
}

/** @param opening what opening the round comes to, at each attempt */
function workerOf({ fleet, key, member }: ReturnType<typeof asked>, opening: () => SecaggError | undefined) {
  const { verified: round } = roundOf(fleet.coordinator.state, key);
  const index = round.epoch.body.members.findIndex(({ id }) => id === member.identity.id) as MemberIndex;
  const sent: Vote[] = [];
  const rounds = {
    open: () => {
      const problem = opening();
      if (problem) throw problem;
      const { views } = memberViewsMessage.decode(fleet.coordinator.views(key, index));
      return Promise.resolve(openViews(round, index, kemSecretOf(member), views));
    },
    identify: () => ({ round, index }),
  };
  const commit = <Reply>(decide: (state: MemberState) => Step<MemberEvent, Reply>) =>
    member.commit(decide(member.state));
  const node = {
    now: () => lateMs,
    store: { journal: { state: member.state, commit } },
    client: { sendVote: (_cluster: string, _round: number, vote: Vote) => Promise.resolve(void sent.push(vote)) },
    contact: { track: <T>(call: Promise<T>) => call },
  };
  const work = new RoundWork(node as unknown as Member, rounds as unknown as OpenedRounds);
  return { work, kinds: () => sent.map(({ body }) => voteBodyMessage.decode(body).kind) };
}

const kemSecretOf = ({ state }: LocalMember): Uint8Array => {
  const secret = [...state.seats.values()][0].secrets?.kemSecret;
  if (!secret) throw new Error('no seat');
  return secret;
};

async function passes(work: RoundWork, items: ReturnType<typeof asked>['items'], count: number): Promise<void> {
  for (let pass = 0; pass < count; pass++)
    for (const item of items) await work.handle(item, [], new AbortController().signal).catch(() => undefined);
}

it('votes ready, and has no second vote for the abort', async () => {
  const round = asked();
  const { work, kinds } = workerOf(round, () => undefined);
  await passes(work, round.items, 1);
  expect(kinds()).toEqual(['ready', 'ready']);
});

it('puts the abort off while it may still be able to vote ready', async () => {
  const round = asked();
  let failures = 3;
  const { work, kinds } = workerOf(round, () =>
    failures-- > 0 ? new SecaggError('unavailable', 'not now') : undefined,
  );
  await passes(work, round.items, 3);
  expect(kinds()).toEqual([]);
  await passes(work, round.items, 1);
  expect(kinds()).toEqual(['ready', 'ready']);
});

it('aborts what it will not vote for', async () => {
  const round = asked();
  const { work, kinds } = workerOf(round, () => new SecaggError('policy', 'never'));
  await passes(work, round.items, 1);
  expect(kinds()).toEqual(['abort']);
});

it('aborts in the end what it cannot open', async () => {
  const round = asked();
  const { work, kinds } = workerOf(round, () => new SecaggError('unavailable', 'not now'));
  await passes(work, round.items, 10);
  expect(kinds()).toEqual([]);
  await passes(work, round.items, 1);
  expect(kinds()).toEqual(['abort']);
});

it('takes no notice of an abort that nobody has signed for: it neither votes nor stops putting a genuine one off', async () => {
  const round = asked();
  const { work, kinds } = workerOf(round, () => new SecaggError('unavailable', 'not now'));
  await passes(work, round.items, 1);
  const forged = round.items.map((item): (typeof round.items)[number] =>
    item.kind === 'abort' ? { ...item, request: undefined, reason: 'policy' } : item,
  );
  await passes(work, forged, 20);
  expect(kinds()).toEqual([]);
  await passes(work, round.items, 9);
  expect(kinds()).toEqual([]);
  await passes(work, round.items, 1);
  expect(kinds()).toEqual(['abort']);
  expect(await refusalOf(work, forged[1])).toMatchObject({ code: 'bad_signature', details: { check: 'abort.signed' } });
});

it('refuses work that names another round than its announcement, and puts off what it had to all the same', async () => {
  const round = asked();
  const { work, kinds } = workerOf(round, () => new SecaggError('unavailable', 'not now'));
  await passes(work, round.items, 1);
  for (const item of round.items)
    expect(await refusalOf(work, { ...item, round: (item.round + 1) as RoundNumber })).toMatchObject({
      code: 'wrong_config',
    });
  expect(kinds()).toEqual([]);
});

it('goes on putting aborts off after more rounds than it keeps have left their vote undone', async () => {
  const round = asked();
  const { work, kinds } = workerOf(round, () => new SecaggError('unavailable', 'not now'));
  const [vote] = round.items;
  const config = roundConfigMessage.decode(vote.announcement.body);
  for (let number = 2; number < 1010; number++) {
    const body = roundConfigMessage.encode({ ...config, round: number as RoundNumber });
    const other = { ...vote, round: number as RoundNumber, announcement: { ...vote.announcement, body } };
    expect(await refusalOf(work, other)).toMatchObject({ code: 'unavailable' });
  }
  await passes(work, round.items, 1);
  expect(kinds()).toEqual([]);
});

const refusalOf = (work: RoundWork, item: ReturnType<typeof asked>['items'][number]): Promise<unknown> =>
  work.handle(item, [], new AbortController().signal).then(
    () => undefined,
    (error: unknown) => error,
  );
