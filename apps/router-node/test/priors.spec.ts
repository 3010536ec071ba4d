/**
 * From rounds and own requests to what the node says of models: priors, changes, choices, history, and what is wrong.
 */
import { LocalPriors, toLitellm } from '@secagg/client';
import { eventually } from '@secagg/testbed/wait';
import { request } from 'undici';
import { CoordinatorDouble } from './support/coordinator-double';
import { TestFleet } from './support/fleet';
import { NodeProcess } from './support/node-process';

jest.setTimeout(120_000);

let fleet: TestFleet;
let coordinator: CoordinatorDouble;
let nodes: NodeProcess[];

beforeEach(async () => {
  fleet = new TestFleet({ routers: 2, committee: { size: 1, threshold: 1 }, minParticipants: 2 });
  coordinator = new CoordinatorDouble(fleet);
  await coordinator.listen();
  nodes = [];
  for (const id of ['router-0', 'router-1'])
    nodes.push(await NodeProcess.start(fleet.environment(id, coordinator.port)));
  coordinator.startEpoch();
  await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
});

afterEach(async () => {
  await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
  await coordinator.close();
  fleet.remove();
});

/** Own requests count from the middle of some hours. */
function expectNearly(value: number | undefined, wanted: number): void {
  expect(Math.abs((value ?? NaN) - wanted)).toBeLessThanOrEqual(0.04 * wanted);
}

const rows = (count: number, successes: number, model = 'm1') =>
  Array.from({ length: count }, (_, i) => ({ model, task: 't1', success: i < successes, latency_s: 2 }));

async function play(plan: { keys?: string[] } = {}): Promise<number> {
  const key = coordinator.startRound({ durationMs: 4000, maxRequestsPerRouter: 1000, ...plan });
  await eventually('publication', () => coordinator.round(key).phase === 'published');
  for (const node of nodes)
    await eventually('the node has settled', async () =>
      (await node.client.status()).participations.some(
        ({ round, state }) => key.endsWith(`/${round}`) && state === 'included',
      ),
    );
  return Number(key.split('/').at(-1));
}

const packOf = async (kind: 'private' | 'published' = 'private', node = nodes[0]) =>
  (await node.client.priors({ kind }))?.pack;

/** Priors follow within some seconds. */
const untilRounds = (count: number, node = nodes[0]) =>
  eventually('the priors follow', async () => (await packOf('private', node))?.rounds.length === count);

it('says what it believes of rounds and own requests, once each, and keeps it through empty rounds and a restart', async () => {
  const [node, other] = nodes;
  await eventually('priors', async () => (await packOf()) !== undefined);
  expect((await packOf())?.problems.map(({ code }) => code)).toEqual(['no_round', 'no_own_requests']);

  await node.client.postObservations(rows(40, 30));
  await other.client.postObservations(rows(60, 50));
  await eventually(
    'own requests count before any round',
    async () =>
      !!(await packOf())?.priors.some(
        ({ model, own_requests, state }) => model === 'm1' && own_requests > 39 && state === 'usable',
      ),
  );
  expect((await packOf('published'))?.priors).toEqual([]);

  const first = await node.client.priors();
  const waiting = node.client.priors({ etag: first?.etag ?? '', waitMs: 50_000 }, { timeoutMs: 60_000 });
  await play();
  expect(await waiting).toBeDefined();
  await untilRounds(1);
  for (const kind of ['private', 'published'] as const) {
    const pack = await packOf(kind);
    const prior = pack?.priors.find(({ model, task }) => model === 'm1' && task === 't1');
    // 100 requests, 80 of them successful, Beta(1, 1) before; whoever sent them.
    // What is some minutes old counts a little less.
    expectNearly(prior?.success.alpha, 81);
    expectNearly(prior?.success.beta, 21);
    expectNearly(prior?.latency_s?.mean, 2);
    expectNearly(prior?.own_requests, kind === 'private' ? 40 : 0);
    expect(pack).toMatchObject({ kind, cluster: fleet.cluster, problems: [] });
  }

  // A score of the cached answer, and what has not changed.
  const now = await node.client.priors();
  expect(await node.client.priors({ etag: now?.etag ?? '' })).toBeUndefined();
  expect((await node.client.priors({ model: 'm1' }))?.pack.priors.every(({ model }) => model === 'm1')).toBe(true);
  expect(await node.client.history({ model: 'm1', task: 't1' })).toMatchObject({
    rounds: [{ round: 1, state: 'published', requests: { value: 100 }, means: { success: { value: 0.8 } } }],
  });

  // An empty round, and names that nobody knows.
  await node.client.postObservations(rows(20, 0, 'nobody-knows'));
  await play();
  await untilRounds(2);
  await eventually(
    'what is wrong',
    async () =>
      ((await packOf())?.problems ?? []).map(({ code }) => code).join() === 'latest_round_empty,own_names_unlisted',
  );
  const after = (await packOf())?.priors.find(({ model, task }) => model === 'm1' && task === 't1');
  expect(after).toMatchObject({ state: 'usable', listed: true });
  expectNearly(after?.success.alpha, 81);

  await node.stop('SIGKILL');
  nodes[0] = await NodeProcess.start(fleet.environment('router-0', coordinator.port));
  await untilRounds(2);
  const back = (await packOf())?.priors.find(({ model, task }) => model === 'm1' && task === 't1');
  expectNearly(back?.success.alpha, 81);
});

it('a router that is always idle has what the others saw, also when the catalogue has changed', async () => {
  const [idle, busy] = nodes;
  const problemsOf = async (node: NodeProcess) => (await packOf('private', node))?.problems.map(({ code }) => code);
  const priorOf = async (model: string, kind: 'private' | 'published') =>
    (await packOf(kind, idle))?.priors.find((prior) => prior.model === model && prior.task === 't1');
  await busy.client.postObservations(rows(60, 50));
  await play();
  await untilRounds(1, idle);
  await busy.client.postObservations(rows(60, 20, 'm3'));
  await play({ keys: ['m2:t1', 'm3:t1'] });
  await untilRounds(2, idle);
  for (const kind of ['private', 'published'] as const) {
    const [gone, come] = [await priorOf('m1', kind), await priorOf('m3', kind)];
    expect(gone).toMatchObject({ state: 'usable', listed: false, own_requests: 0 });
    expectNearly(gone?.success.alpha, 51);
    expect(come).toMatchObject({ state: 'usable', listed: true, own_requests: 0 });
    expectNearly(come?.success.alpha, 21);
  }
  expect(await problemsOf(idle)).toEqual(['no_own_requests']);
  expect((await idle.client.rank({ task: 't1', candidates: ['m3', 'm1'] })).best).toBe('m1');
  expect((await idle.client.history({ model: 'm1', task: 't1' })).rounds.map(({ state }) => state)).toEqual([
    'not_in_catalogue',
    'published',
  ]);
  // Who still calls the model that has gone is told.
  await eventually('what is wrong', async () => (await problemsOf(busy))?.join() === 'own_names_unlisted');
});

it('ranks models, over HTTP and without it, and tells of changes as they come', async () => {
  const [node] = nodes;
  await node.client.postObservations([...rows(60, 54), ...rows(60, 12, 'm2')]);
  await eventually('own requests count', async () => ((await packOf())?.priors.length ?? 0) >= 2);
  const ask = { task: 't1', candidates: ['m2', 'm1', 'unheard-of'] };
  const answer = await node.client.rank({ ...ask, taken: 'm2' });
  expect(answer).toMatchObject({ best: 'm1', agrees: false });
  expect(answer.ranking.map(({ model }) => model)).toEqual(['m1', 'unheard-of', 'm2']);
  // What nobody has tried may well be as good.
  expect((await node.client.rank({ ...ask, exploration: 'upper_bound', deviations: 3 })).best).toBe('unheard-of');
  await expect(node.client.rank({ ...ask, candidates: [] })).rejects.toMatchObject({
    code: 'invalid',
    details: { path: 'candidates' },
  });

  const local = new LocalPriors(node.client);
  expect(await local.refresh()).toBe(true);
  expect(await local.refresh()).toBe(false);
  expect(local.rank(ask)).toEqual(await node.client.rank(ask));
  const tally = { m1: 0, m2: 0, 'unheard-of': 0 };
  for (let i = 0; i < 500; i++) tally[local.rank({ ...ask, exploration: 'thompson' }).best as keyof typeof tally] += 1;
  expect(tally.m1).toBeGreaterThan(300);
  expect(tally['unheard-of']).toBeGreaterThan(5);

  const { file } = toLitellm({ priors: local.pack?.priors ?? [] }, { t1: 'general' });
  expect(file.adaptive_router_config.evaluation_priors.map(({ model }) => model)).toEqual(['m1', 'm2']);

  const stream = await request(`http://127.0.0.1:${node.port}/v1/priors/events`);
  expect(stream.headers['content-type']).toBe('text/event-stream');
  const events = stream.body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  expect(String((await events.next()).value)).toMatch(/^event: priors\nid: "private-\S+"\ndata: \{.*\}\n\n$/);
  await node.client.postObservations(rows(1, 1));
  expect(String((await events.next()).value)).toMatch(/^event: priors\n/);
  stream.body.on('error', () => undefined).destroy();
  expect((await node.client.status()).id).toBe('router-0');
});
