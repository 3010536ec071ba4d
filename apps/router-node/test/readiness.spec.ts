/** What `/readyz`, the status, the log and the metric say of a node that cannot do its work, over real HTTP and TLS. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type Server } from 'node:net';
import { createClusterHash } from '@secagg/schema';
import { portOf } from '@secagg/testbed/ports';
import { eventually } from '@secagg/testbed/wait';
import { makeCertificate } from './support/certificates';
import { CoordinatorDouble } from './support/coordinator-double';
import { TestFleet, type TestFleetOptions } from './support/fleet';
import { NodeProcess } from './support/node-process';

jest.setTimeout(180_000);

const terms: TestFleetOptions = { routers: 3, committee: { size: 1, threshold: 1 }, minParticipants: 1 };
const fleets: TestFleet[] = [];
const doubles: CoordinatorDouble[] = [];
const servers: Server[] = [];
const nodes: NodeProcess[] = [];

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
  await Promise.all(doubles.splice(0).map((double) => double.close()));
  for (const server of servers.splice(0)) server.close();
  for (const fleet of fleets.splice(0)) fleet.remove();
});

function fleetOf(options: Partial<TestFleetOptions> = {}): TestFleet {
  const fleet = new TestFleet({ ...terms, ...options });
  fleets.push(fleet);
  return fleet;
}
async function coordinatorOf(fleet: TestFleet): Promise<CoordinatorDouble> {
  const double = new CoordinatorDouble(fleet);
  doubles.push(double);
  await double.listen();
  return double;
}
async function start(
  fleet: TestFleet,
  port: number,
  overrides: Record<string, string> = {},
  id = 'router-1',
): Promise<NodeProcess> {
  const node = await NodeProcess.start(fleet.environment(id, port, overrides));
  nodes.push(node);
  return node;
}
async function listen(server: Server): Promise<number> {
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return portOf(server);
}

interface Said {
  readonly status: number;
  readonly reasons: string[];
  readonly detail: string;
}
async function readiness(node: NodeProcess, path = '/readyz'): Promise<Said> {
  const reply = await fetch(`http://127.0.0.1:${node.port}${path}`);
  const body = (await reply.json()) as { reasons?: { reason: string; action: string }[]; detail?: string };
  for (const { action } of body.reasons ?? []) expect(body.detail).toContain(action);
  return {
    status: reply.status,
    reasons: (body.reasons ?? []).map(({ reason }) => reason),
    detail: body.detail ?? '',
  };
}
async function metric(node: NodeProcess): Promise<string[]> {
  const text = await (await fetch(`http://127.0.0.1:${node.port}/metrics`)).text();
  return [...text.matchAll(/^secure_agg_not_ready\{reason="(\w+)"\} 1$/gm)].map(([, reason]) => reason);
}
const lines = (node: NodeProcess, msg: string) => node.log.filter((line) => line.msg === msg);

/**
 * That it says these reasons and no others, everywhere, and once in the log however often it is asked; and that it
 * takes observations.
 */
async function saysNo(node: NodeProcess, ...reasons: string[]): Promise<Said> {
  const wanted = [...reasons].sort().join();
  let said: Said | undefined;
  await eventually(wanted, async () => {
    said = await readiness(node);
    return [...said.reasons].sort().join() === wanted;
  });
  expect(said?.status).toBe(503);
  expect((await node.client.status()).not_ready?.map(({ reason }) => reason).sort()).toEqual([...reasons].sort());
  expect((await metric(node)).sort()).toEqual([...reasons].sort());
  const told = () => lines(node, 'not ready').filter((line) => String(line.reasons) === wanted);
  await eventually('the line', () => told().length > 0);
  expect(told()).toHaveLength(1);
  expect(await readiness(node, '/readyz/store')).toMatchObject({ status: 200 });
  return said as Said;
}
const isReady = (node: NodeProcess) => eventually('ready', async () => (await readiness(node)).status === 200);

it('is ready once it has documents, a place on the roster and an answer', async () => {
  const fleet = fleetOf();
  const node = await start(fleet, (await coordinatorOf(fleet)).port);
  await isReady(node);
  expect(await metric(node)).toEqual([]);
  expect((await node.client.status()).not_ready).toEqual([]);
  expect(lines(node, 'ready again: nothing is in the way any more').length).toBeLessThanOrEqual(1);
});

describe('signed documents', () => {
  it('say at once that the configured cluster is none of the fleet, and it goes on asking', async () => {
    const fleet = fleetOf();
    const coordinator = await coordinatorOf(fleet);
    const wrong = createClusterHash('another', 'salt-of-another-one');
    const node = await start(fleet, coordinator.port, { SECAGG_CLUSTER: wrong });
    const { detail } = await saysNo(node, 'cluster_unknown');
    expect(detail).toContain(`has no cluster ${wrong}`);
    expect(detail).toContain('SECAGG_CLUSTER');
  });

  it('say that the router is not on the roster, or that it has another key there', async () => {
    const fleet = fleetOf();
    const coordinator = await coordinatorOf(fleet);
    const key = `${fleet.folder}/router-1.key`;
    const stranger = await start(fleet, coordinator.port, {
      SECAGG_ID: 'router-9',
      SECAGG_IDENTITY_KEY_FILE: key,
    });
    expect((await saysNo(stranger, 'not_on_roster')).detail).toContain('router-9 is not on the roster');
    await stranger.stop();
    await saysNo(await start(fleet, coordinator.port, { SECAGG_IDENTITY_KEY_FILE: key }, 'router-2'), 'key_mismatch');
  });

  it('say that its certificate was revoked', async () => {
    const fleet = fleetOf();
    const coordinator = await coordinatorOf(fleet);
    const node = await start(fleet, coordinator.port);
    await isReady(node);
    await node.client.putFleet(fleet.sign([3]));
    await node.client.putFreshness(fleet.freshness);
    await saysNo(node, 'certificate_revoked');
  });

  it('say that the cluster has other members, and that the roster does not know one of them', async () => {
    const fleet = fleetOf({ cluster: { members: ['router-0', 'router-2', 'router-7'] as never } });
    const coordinator = await coordinatorOf(fleet);
    const { detail } = await saysNo(await start(fleet, coordinator.port), 'members_unknown', 'not_a_member');
    expect(detail).toContain('the roster does not have: router-7');
    await saysNo(await start(fleet, coordinator.port, {}, 'router-2'), 'members_unknown');
  });

  it('say that a candidate of the committee has no store key', async () => {
    const fleet = fleetOf();
    const coordinator = await coordinatorOf(fleet);
    const node = await start(fleet, coordinator.port, { SECAGG_STORE_KEY_FILE: '' }, 'router-0');
    expect((await saysNo(node, 'store_key_missing')).detail).toContain('SECAGG_STORE_KEY_FILE');
  });

  it('may be kept back: that counts as well', async () => {
    const fleet = fleetOf({ freshness: { max_age_ms: 1000, grace_ms: 0 } });
    const old = fleet.freshness;
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const coordinator = await coordinatorOf(Object.assign(fleet, { freshness: fleet.statement() }));
    fleet.freshness = old;
    await saysNo(await start(fleet, coordinator.port), 'documents_stale');
  });
});

describe('a coordinator', () => {
  it('that cannot be reached is told at the start, and later only when it has been away for some attempts and some time', async () => {
    const fleet = fleetOf();
    const coordinator = await coordinatorOf(fleet);
    const { port } = coordinator;
    await coordinator.hangUp();
    const node = await start(fleet, port, { SECAGG_RETRY_MAX_MS: '400' });
    await saysNo(node, 'fleet_unknown', 'coordinator_unreachable');
    await coordinator.listen(port);
    await isReady(node);
    await eventually('the line', () => lines(node, 'ready again: nothing is in the way any more').length === 1);

    // One poll that fails says nothing.
    let failed = 0;
    coordinator.intercept = (request, response) => {
      if (failed > 0 || !request.url?.includes('/rounds/open')) return false;
      failed += 1;
      response.destroy();
      return true;
    };
    await eventually('a failed poll', () => failed === 1);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await readiness(node)).toMatchObject({ status: 200 });

    await coordinator.hangUp();
    await saysNo(node, 'coordinator_unreachable');
    await coordinator.listen(port);
    await isReady(node);
    expect(lines(node, 'not ready')).toHaveLength(2);
  });

  it.each([
    ['refuses the work of a member', '/v1/committee/work', 403, 'unknown_party', 'coordinator_refuses'],
    ['has too much to do', '/rounds/open', 503, 'unavailable', 'coordinator_unavailable'],
  ])('that %s', async (_what, path, status, code, reason) => {
    const fleet = fleetOf();
    const coordinator = await coordinatorOf(fleet);
    coordinator.intercept = (request, response) => {
      if (!request.url?.includes(path)) return false;
      response
        .writeHead(status, { 'content-type': 'application/problem+json' })
        .end(JSON.stringify({ code, detail: 'as the test wants it' }));
      return true;
    };
    const node = await start(fleet, coordinator.port, {}, 'router-0');
    expect((await saysNo(node, reason)).detail).toContain('as the test wants it');
    // What nobody has signed does not silence it.
    coordinator.intercept = () => false;
    await isReady(node);
  });

  const page: RequestListener = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>hello</html>');
  };
  const missing: RequestListener = (_request, response) => void response.writeHead(404).end('nothing here');
  const login: RequestListener = (_request, response) => void response.writeHead(401).end();
  it.each([
    ['another service', page, 'coordinator_not_secagg'],
    ['another service that has no such path', missing, 'coordinator_not_secagg'],
    ['a proxy that wants credentials', login, 'coordinator_refuses'],
  ])('that is %s', async (_what, listener, reason) => {
    const fleet = fleetOf();
    const port = await listen(createServer(listener));
    await saysNo(await start(fleet, port), 'fleet_unknown', reason);
  });

  it('that is a router-node', async () => {
    const fleet = fleetOf();
    const other = await start(fleet, 9, {}, 'router-2');
    await saysNo(await start(fleet, other.port as number), 'fleet_unknown', 'coordinator_not_secagg');
  });

  it('that is of another fleet', async () => {
    const fleet = fleetOf();
    const { port } = await coordinatorOf(fleetOf());
    await saysNo(await start(fleet, port), 'fleet_unknown', 'coordinator_other_fleet');
  });

  it('that has older documents than those which were handed to the node', async () => {
    const fleet = fleetOf();
    const coordinator = await coordinatorOf(fleet);
    const { documents, freshness } = fleet;
    const node = await start(fleet, coordinator.port);
    await isReady(node);
    await node.client.putFleet(fleet.sign());
    await node.client.putFreshness(fleet.freshness);
    await node.stop();
    Object.assign(fleet, { documents, freshness });
    await saysNo(await start(fleet, coordinator.port), 'coordinator_outdated');
  });
});

describe('TLS', () => {
  const tls = async (fleet: TestFleet, name: string, validity?: [string, string]) => {
    const made = makeCertificate(fleet.folder, name, validity);
    const coordinator = await coordinatorOf(fleet);
    const forward: RequestListener = (request, response) => coordinator.answerTo(request, response);
    return { ...made, port: await listen(createTlsServer(made, forward)) };
  };
  const at = (port: number) => ({ SECAGG_COORDINATOR_URL: `https://127.0.0.1:${port}` });

  it('with a certificate that the node has the authority of is as good as any', async () => {
    const fleet = fleetOf();
    const { port, file } = await tls(fleet, 'IP:127.0.0.1');
    await isReady(await start(fleet, port, { ...at(port), SECAGG_COORDINATOR_CA_FILE: file }));
  });

  it('with a self-signed certificate', async () => {
    const fleet = fleetOf();
    const { port } = await tls(fleet, 'IP:127.0.0.1');
    const { detail } = await saysNo(await start(fleet, port, at(port)), 'fleet_unknown', 'coordinator_certificate');
    expect(detail).toContain('SECAGG_COORDINATOR_CA_FILE');
  });

  it('with a certificate that has expired, or is for another name', async () => {
    const fleet = fleetOf();
    const old = await tls(fleet, 'IP:127.0.0.1', ['20200101000000Z', '20200102000000Z']);
    const trusting = { ...at(old.port), SECAGG_COORDINATOR_CA_FILE: old.file };
    const { detail } = await saysNo(await start(fleet, old.port, trusting), 'fleet_unknown', 'coordinator_certificate');
    expect(detail).toContain('expired');
    const elsewhere = await tls(fleet, 'DNS:elsewhere.example');
    const named = { ...at(elsewhere.port), SECAGG_COORDINATOR_CA_FILE: elsewhere.file };
    await saysNo(await start(fleet, elsewhere.port, named, 'router-2'), 'fleet_unknown', 'coordinator_certificate');
  });

  it('where there is none', async () => {
    const fleet = fleetOf();
    const { port } = await coordinatorOf(fleet);
    await saysNo(await start(fleet, port, at(port)), 'fleet_unknown', 'coordinator_tls');
  });
});
