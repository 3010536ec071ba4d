/** Rounds that end otherwise than with a full house. */
import { settleAborted } from '@secagg/protocol';
import { roundConfigMessage, SecaggError, transcriptMessage } from '@secagg/schema';
import { request } from 'undici';
import { TestFleet } from './support/fleet';
import { Running } from './support/in-process';
import { type HttpMember, HttpRouter, operatorRequest } from './support/parties';

jest.setTimeout(60_000);

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    (error: unknown) => (error instanceof SecaggError ? error.code : String(error)),
  );

describe('outcomes of rounds', () => {
  const fleet = new TestFleet({ routers: 6, committee: { size: 4, threshold: 2 }, minParticipants: 3 });
  const timings = { reportGraceMs: 100, answerGraceMs: 300, proposalTimeoutMs: 2000, undecidedTimeoutMs: 4000 };
  let running: Running;
  let members: HttpMember[];

  beforeAll(async () => {
    running = await Running.start(fleet, fleet.config({ timings }, { trigger: { kind: 'manual' } }));
    members = running.startCommittee(4);
    await running.epochInForce();
  });
  afterAll(() => running.stop());
  afterEach(() => members.forEach((member) => member.ignores.clear()));

  /** A round in which some routers contribute. */
  async function round(routers: number, durationMs = 700) {
    const { client } = running;
    const open = await client.startRound(
      fleet.cluster,
      operatorRequest(fleet, fleet.operator, {
        action: 'start-round',
        cluster: fleet.cluster,
        overrides: { duration_ms: durationMs },
      }),
    );
    const { round: number } = roundConfigMessage.decode(open.announcement.body);
    const parties = fleet.routers.slice(0, routers).map((identity) => new HttpRouter(fleet.view, identity));
    for (const router of parties) await router.send(client, open, router.build(open, 3));
    const status = await client.roundStatus(fleet.cluster, number, { waitMs: 20_000 });
    return { number, status, parties };
  }

  it('closes at once when the round is full', async () => {
    // Its deadline is an hour away.
    expect((await round(6, 3_600_000)).status?.phase).toBe('published');
  });

  it('aborts by quorum with too few participants, and says so in a way that routers can check', async () => {
    const { number, status, parties } = await round(2);
    expect(status).toMatchObject({ phase: 'aborted', contributions: 2 });
    const [router] = parties;
    if (!status?.decision) throw new Error('no decision');
    router.commit(settleAborted(router.state, `${fleet.cluster}/${number}`, status.decision, Date.now()));
    expect(router.state.participations.get(`${fleet.cluster}/${number}`)?.outcome).toBe('aborted');
    const transcript = await running.client.transcript(fleet.cluster, number);
    expect(transcript.contributions).toEqual([]);
    expect(transcriptMessage.encode(transcript).length).toBeGreaterThan(0);
    expect(await (await request(`${running.origin}/metrics`)).body.text()).toMatch(
      /secure_agg_failures_total\{reason="insufficient_participants"\} 1/,
    );
  });

  it('completes exactly when a member never answers: its pieces go to the next holder', async () => {
    members[0].ignores.add('answer');
    const { number, status } = await round(5);
    expect(status?.phase).toBe('published');
    expect((await running.client.signal(fleet.cluster))?.signal).toMatchObject({
      aggregation_round: number,
      reward_signals: { 'm1:t1': { total_samples: 15 } },
    });
  });

  it('completes exactly when a member is there for nothing at all', async () => {
    for (const kind of ['report', 'vote', 'answer'] as const) members[2].ignores.add(kind);
    expect((await round(4)).status?.phase).toBe('published');
  });

  it('is undecided when no quorum comes about, and has no transcript', async () => {
    for (const member of members.slice(0, 2)) for (const kind of ['vote', 'abort'] as const) member.ignores.add(kind);
    const { number, status } = await round(4);
    expect(status?.phase).toBe('undecided');
    expect(await codeOf(running.client.transcript(fleet.cluster, number))).toBe('no_decision');
    expect((await running.client.signal(fleet.cluster))?.signal.aggregation_round).toBeLessThan(number);
  });

  it('starts nothing that policy does not allow, and does not count the request as used', async () => {
    const tooFew = operatorRequest(fleet, fleet.operator, {
      action: 'start-round',
      cluster: fleet.cluster,
      overrides: { min_participants_per_group: 2 },
    });
    expect(await codeOf(running.client.startRound(fleet.cluster, tooFew))).toBe('policy');
    expect(await codeOf(running.client.startRound(fleet.cluster, tooFew))).toBe('policy');
  });

  it.each([
    ['/v1/nothing', 404, 'not_found'],
    ['/v1/clusters/xyz/rounds/open?router=router-0', 422, 'invalid'],
    [`/v1/clusters/${'ab'.repeat(16)}/rounds/latest`, 404, 'no_round'],
    [`/v1/clusters/${'ab'.repeat(16)}/signal`, 404, 'not_found'],
    [`/v1/clusters/${'ab'.repeat(16)}/rounds/1`, 404, 'no_round'],
    [`/v1/clusters/${'ab'.repeat(16)}/rounds/0`, 422, 'invalid'],
    [`/v1/clusters/${'ab'.repeat(16)}/rounds/1e3`, 422, 'invalid'],
    [`/v1/clusters/${'ab'.repeat(16)}/rounds/1/transcript`, 404, 'no_round'],
    ['/v1/committee/work', 422, 'invalid'],
    ['/v1/committee/work?member=router-0&wait_ms=-1', 422, 'invalid'],
    ['/v1/clusters/%E0%A4%A/rounds/latest', 400, 'malformed'],
  ])('answers %s with %i %s', async (path, status, code) => {
    const reply = await request(`${running.origin}${path}`);
    expect([
      reply.statusCode,
      reply.headers['content-type'],
      ((await reply.body.json()) as { code: string }).code,
    ]).toEqual([status, 'application/problem+json', code]);
  });

  it('describes and reports itself', async () => {
    const get = async (path: string) => (await request(`${running.origin}${path}`)).body.json();
    expect(await get('/healthz')).toEqual({ status: 'ok' });
    expect(await get('/readyz')).toMatchObject({ status: 'ready', epoch: 1, documents: { policy: 1, roster: 1 } });
    expect(Object.keys(((await get('/openapi.json')) as { paths: object }).paths)).toContain(
      '/v1/clusters/{cluster}/rounds/{round}/contributions',
    );
  });
});
