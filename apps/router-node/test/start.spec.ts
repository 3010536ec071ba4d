/** What a node is started with: whatever is wrong is told at once, by setting, also by --check-config. */
import { random } from '@secagg/testbed/random';
import { eventually } from '@secagg/testbed/wait';
import { chmodSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CoordinatorDouble } from './support/coordinator-double';
import { TestFleet } from './support/fleet';
import { checkConfig, NodeProcess } from './support/node-process';

jest.setTimeout(90_000);

let fleet: TestFleet;
const running: NodeProcess[] = [];
beforeEach(() => {
  fleet = new TestFleet({ routers: 1, committee: { size: 1, threshold: 1 } });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop('SIGKILL')));
  fleet.remove();
});

type Environment = Record<string, string>;
const environment = (overrides: Environment) => fleet.environment('router-0', 9, overrides);
/** How a start ends: its status and all it says. */
async function started(overrides: Environment): Promise<string> {
  const node = await NodeProcess.start(environment(overrides));
  if (!node.exit) {
    running.push(node);
    return 'it has started';
  }
  await node.untilEnded();
  return `exit ${node.exit.code}: ${node.stderr.join('')}`;
}
const at = (name: string) => join(fleet.folder, name);
function write(name: string, content: Uint8Array | string, mode = 0o600): string {
  writeFileSync(at(name), content);
  chmodSync(at(name), mode);
  return at(name);
}

const cases: [name: string, status: number, text: RegExp, change: () => Environment][] = [
  ['no key file', 78, /^identityKeyFile \(.*ENOENT$/, () => ({ SECAGG_IDENTITY_KEY_FILE: at('absent') })],
  ['a folder as key file', 78, /^identityKeyFile \(.*EISDIR$/, () => ({ SECAGG_IDENTITY_KEY_FILE: fleet.folder })],
  ['a key that is too short', 78, /^identityKeyFile \(/, () => ({ SECAGG_IDENTITY_KEY_FILE: write('k', random(31)) })],
  ['no authority key', 78, /^authorityKeyFile \(.*ENOENT$/, () => ({ SECAGG_AUTHORITY_KEY_FILE: at('absent') })],
  ['no store key', 78, /^storeKeyFile \(.*ENOENT$/, () => ({ SECAGG_STORE_KEY_FILE: at('absent') })],
  ['no CA file', 78, /^coordinatorCaFile \(.*ENOENT$/, () => ({ SECAGG_COORDINATOR_CA_FILE: at('absent') })],
  [
    'a CA file without a certificate',
    78,
    /^coordinatorCaFile \(SECAGG_COORDINATOR_CA_FILE\): .*ca\.pem holds no certificate in PEM$/,
    () => ({ SECAGG_COORDINATOR_CA_FILE: write('ca.pem', 'nothing', 0o644) }),
  ],
  ['a mistyped limit', 78, /SECAGG_MAX_ROUND_RH0: .*SECAGG_MAX_ROUND_RHO/, () => ({ SECAGG_MAX_ROUND_RH0: '0.01' })],
  ['a host in brackets', 78, /^host \(SECAGG_HOST\): /, () => ({ SECAGG_HOST: '[::1]' })],
  ['a host of another machine', 69, /^host \(SECAGG_HOST\): cannot listen/, () => ({ SECAGG_HOST: '192.0.2.1' })],
  [
    'a data folder that is a file',
    78,
    /^dataDir \(SECAGG_DATA_DIR\): .*EEXIST/,
    () => ({ SECAGG_DATA_DIR: write('f', '') }),
  ],
  [
    'a data folder below a file',
    78,
    /^dataDir \(SECAGG_DATA_DIR\): .*ENOTDIR/,
    () => ({ SECAGG_DATA_DIR: join(write('f', ''), 'data') }),
  ],
];

it.each(cases)('%s: %i, in one line that names the setting', async (_name, status, text, change) => {
  const overrides = change();
  const said = await started(overrides);
  expect(said).toMatch(new RegExp(`^exit ${status}: router-node: [^\n]*\n$`));
  const line = said.replace(/^exit \d+: router-node: /, '').trimEnd();
  expect(line).toMatch(text);
  // What is known without making a folder or opening a port is told by the check too, in the same words.
  if (!/dataDir|cannot listen/.test(line))
    expect(await checkConfig(environment(overrides))).toBe(`exit 78: router-node: ${line}\n`);
});

it('tells everything that is wrong at once, and that nothing is', async () => {
  const wrong = {
    SECAGG_IDENTITY_KEY_FILE: at('absent'),
    SECAGG_AUTHORITY_KEY_FILE: at('absent'),
    SECAGG_COORDINATOR_CA_FILE: at('absent'),
  };
  for (const said of [await started(wrong), await checkConfig(environment(wrong))])
    expect(said).toMatch(/^exit 78: router-node: (\w+ \(SECAGG_[A-Z_]+\): [^\n]*ENOENT\n){3}$/);
  expect(await checkConfig(environment({}))).toBe('exit 0: the configuration is ok\n');
  // It has not touched anything.
  expect(readdirSync(at('router-0-data'))).toEqual([]);
});

it('keys by link and databases of a group, as Kubernetes mounts them: refused, and taken when a setting says so', async () => {
  const mounted: Environment = {};
  for (const [variable, name] of [
    ['SECAGG_IDENTITY_KEY_FILE', 'router-0.key'],
    ['SECAGG_STORE_KEY_FILE', 'router-0.store.key'],
  ]) {
    chmodSync(at(name), 0o440);
    symlinkSync(at(name), at(`${name}.link`));
    mounted[variable] = at(`${name}.link`);
  }
  expect(await started(mounted)).toMatch(/^exit 77: router-node: \w+KeyFile .*mode 0440.*SECAGG_GROUP_ACCESS=true/);
  const group = { ...mounted, SECAGG_GROUP_ACCESS: 'true' };
  expect(await started(group)).toBe('it has started');
  await running.splice(0)[0].stop();
  const data = at('router-0-data');
  for (const name of readdirSync(data)) chmodSync(join(data, name), 0o660);
  expect(await started(group)).toBe('it has started');
  await running.splice(0)[0].stop();
  for (const name of ['router-0.key', 'router-0.store.key']) chmodSync(at(name), 0o400);
  expect(await started({})).toMatch(/^exit 77: .*\.db(\.lock)? has mode 0660.*SECAGG_GROUP_ACCESS=true/);
  chmodSync(join(data, 'router.db'), 0o664);
  expect(await started(group)).toMatch(/^exit 77: .*router\.db has mode 0664/);
});

it('a data folder that another authority has begun: 78, by setting', async () => {
  const coordinator = new CoordinatorDouble(fleet);
  await coordinator.listen();
  const node = await NodeProcess.start(fleet.environment('router-0', coordinator.port));
  running.push(node);
  await eventually('it knows the fleet', async () => (await node.client.status()).fleet !== null);
  await node.stop();
  await coordinator.close();
  const other = new TestFleet({ routers: 1, committee: { size: 1, threshold: 1 } });
  other.remove();
  expect(await started({ SECAGG_AUTHORITY_KEY_FILE: write('other.pub', other.authority.publicKey) })).toMatch(
    /^exit 78: router-node: authorityKeyFile \(SECAGG_AUTHORITY_KEY_FILE\): the fleet documents in .* are not signed/,
  );
});
