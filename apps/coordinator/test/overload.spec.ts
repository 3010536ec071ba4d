/**
 * More than a coordinator takes on at once: everybody gets in who keeps to what they are told, and nobody else holds it
 * up.
 */
import { connect, type Socket } from 'node:net';
import { type Bytes, type OpenRound, SecaggError } from '@secagg/schema';
import { until } from '@secagg/testbed/wait';
import { Pool, request } from 'undici';
import { TestFleet } from './support/fleet';
import { Running } from './support/in-process';
import { HttpRouter, operatorRequest } from './support/parties';

jest.setTimeout(180_000);

const ROUTERS = 60;
const fleet = new TestFleet({ routers: ROUTERS, committee: { size: 1, threshold: 1 } });
let running: Running;
let open: OpenRound;
let bodies: Bytes[];
const routers = fleet.routers.map((identity) => new HttpRouter(fleet.view, identity));
const sockets: Socket[] = [];
const url = () => `${running.origin}/v1/clusters/${fleet.cluster}/rounds/1/contributions`;

beforeAll(async () => {
  const limits = {
    requestsAtWork: 1,
    perRouterPerSecond: 1,
    perRouterBurst: 20,
    waitsPerRouter: 2,
    headersTimeoutMs: 3000,
    bodyGraceMs: 3000,
  };
  running = await Running.start(fleet, fleet.config({ limits }));
  running.startCommittee(1);
  await running.epochInForce();
  open = await running.client.startRound(
    fleet.cluster,
    operatorRequest(fleet, fleet.operator, {
      action: 'start-round',
      cluster: fleet.cluster,
      overrides: { duration_ms: 120_000 },
    }),
  );
  bodies = routers.map((router) => router.build(open, 2));
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await running.stop();
});

it('gets everybody in who comes back when told, although only one is taken on at once', async () => {
  const pool = new Pool(running.origin, { connections: ROUTERS, pipelining: 1 });
  // With their connections open, all of them arrive in the same moment.
  await Promise.all(
    fleet.routers.map(async ({ id }) =>
      (
        await pool.request({
          method: 'GET',
          path: `/v1/clusters/${fleet.cluster}/rounds/open?router=${id}&after=9&wait_ms=300`,
        })
      ).body.dump(),
    ),
  );
  let turnedAway = 0;
  await Promise.all(
    routers.slice(1).map(async (router, i) => {
      const first = await pool.request({ method: 'POST', path: new URL(url()).pathname, body: bodies[i + 1] });
      await first.body.dump();
      if (first.statusCode === 201) return;
      turnedAway += 1;
      expect(first.statusCode).toBe(503);
      expect(Number(first.headers['retry-after'])).toBeGreaterThanOrEqual(1);
      // As a router-node does: the client waits as long as it is told, and the node tries again while the round is open.
      await until(() =>
        router.send(running.client, open, bodies[i + 1]).then(
          () => true,
          (error: unknown) => {
            if (error instanceof SecaggError && error.code === 'unavailable') return false;
            throw error;
          },
        ),
      );
    }),
  );
  await pool.close();
  expect(turnedAway).toBeGreaterThan(0);
  expect(await running.client.latestRound(fleet.cluster)).toMatchObject({
    phase: 'collecting',
    contributions: ROUTERS - 1,
  });
});

it('gives a router that repeats itself without end a 429, and its receipt once it pauses; the others none the worse', async () => {
  const statuses: number[] = [];
  for (let i = 0; i < 40; i++) {
    const reply = await request(url(), { method: 'POST', body: bodies[1] });
    statuses.push(reply.statusCode);
    await reply.body.dump();
  }
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(15);
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(10);
  await routers[2].send(running.client, open, bodies[2]);
  await routers[1].send(running.client, open, bodies[1]);
});

it('lets a router wait twice at once, and not more often', async () => {
  const wait = () =>
    running.client.openRound(fleet.cluster, { after: 9, router: 'router-9', waitMs: 1500 }, { attempts: 1 }).then(
      () => 'waited',
      (error: SecaggError) => error.code,
    );
  expect((await Promise.all([wait(), wait(), wait()])).sort()).toEqual(['overloaded', 'waited', 'waited']);
});

it('ends connections that bring no request, and bodies that do not come, while others are served', async () => {
  const { port } = new URL(running.origin);
  const said = new Map<Socket, string>();
  const opened = (first: string): Socket => {
    const socket = connect(Number(port), '127.0.0.1');
    sockets.push(socket);
    said.set(socket, '');
    socket
      .on('data', (chunk) => said.set(socket, `${said.get(socket) ?? ''}${chunk.toString()}`))
      .on('error', () => undefined);
    socket.write(first);
    return socket;
  };
  const slowHeads = Array.from({ length: 50 }, () => opened('POST /v1/fleet HTTP/1.1\r\nhost: x\r\n'));
  const slowBodies = Array.from({ length: 50 }, () =>
    opened(
      `POST /v1/clusters/${fleet.cluster}/rounds/1/contributions HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\nno more`,
    ),
  );
  await routers[0].send(running.client, open, bodies[0]);
  await until(() => slowHeads.every((socket) => socket.closed || socket.destroyed || socket.readableEnded));
  await until(() => slowBodies.every((socket) => said.get(socket)?.includes('too_slow')));
});

it('publishes the round with everybody in it', async () => {
  const status = await running.client.roundStatus(fleet.cluster, 1, { waitMs: 40_000 });
  expect(status).toMatchObject({ phase: 'published', contributions: ROUTERS });
  expect((await running.client.signal(fleet.cluster))?.signal.reward_signals['m1:t1'].total_samples).toBe(2 * ROUTERS);
  const late = await running.client.contribute(fleet.cluster, 1, bodies[3], { attempts: 1 }).then(
    () => 'the same receipt',
    (error: SecaggError) => error.code,
  );
  expect(late).toBe('the same receipt');
});
