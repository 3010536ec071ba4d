/** Where the coordinator is: behind a prefix, with credentials, or not at all. */
import { eventually } from '@secagg/testbed/wait';
import { CoordinatorDouble } from './support/coordinator-double';
import { TestFleet } from './support/fleet';
import { NodeProcess } from './support/node-process';

jest.setTimeout(60_000);

let fleet: TestFleet;
let node: NodeProcess | undefined;

beforeEach(() => {
  fleet = new TestFleet({ routers: 1, committee: { size: 1, threshold: 1 } });
});
afterEach(async () => {
  await node?.stop('SIGKILL');
  node = undefined;
  fleet.remove();
});

it('is asked below its prefix with its credentials, which are logged and shown nowhere', async () => {
  const coordinator = new CoordinatorDouble(fleet);
  const asked: string[] = [];
  coordinator.intercept = (request, response) => {
    asked.push(`${request.url?.split('?')[0]} ${request.headers.authorization}`);
    if (request.url?.startsWith('/gw/secagg/')) {
      request.url = request.url.slice('/gw/secagg'.length);
      return false;
    }
    response.writeHead(404).end();
    return true;
  };
  await coordinator.listen();
  try {
    node = await NodeProcess.start(
      fleet.environment('router-0', coordinator.port, {
        SECAGG_COORDINATOR_URL: `http://alice:hunter2@127.0.0.1:${coordinator.port}/gw/secagg/`,
        SECAGG_LOG_LEVEL: 'trace',
      }),
    );
    const { client } = node;
    await eventually('it knows the fleet', async () => (await client.status()).fleet === 'test-fleet');
    await eventually('it waits for rounds', () => asked.some((line) => line.includes('/round')));
    expect(asked.filter((line) => !/^\/gw\/secagg\/v1\/\S+ Basic YWxpY2U6aHVudGVyMg==$/.test(line))).toEqual([]);
    const shown = JSON.stringify([node.log, node.stderr, await client.status()]);
    expect(shown).toContain(`http://127.0.0.1:${coordinator.port}/gw/secagg`);
    expect(shown).not.toMatch(/hunter2|YWxpY2U6aHVudGVyMg/);
  } finally {
    await coordinator.close();
  }
});

it.each([
  ['a query', 'https://alice:hunter2@gw.example/secagg?x=1', 'query'],
  ['a fragment', 'https://alice:hunter2@gw.example/secagg#x', 'fragment'],
  ['another scheme', 'ftp://alice:hunter2@gw.example', 'http'],
  ['a password that is not encoded', 'https://alice:hunter2%@gw.example', 'percent-encoded'],
  ['no host', 'https://', 'must be a URL'],
])('is refused with its reason: %s', async (_name, url, reason) => {
  node = await NodeProcess.start(fleet.environment('router-0', 9, { SECAGG_COORDINATOR_URL: url }));
  await node.untilEnded();
  expect(node.exit?.code).toBe(78);
  const said = node.stderr.join('');
  expect(said).toMatch(new RegExp(`^router-node: coordinatorUrl \\(SECAGG_COORDINATOR_URL\\): .*${reason}.*\n$`));
  expect(said).not.toContain('hunter2');
});
