/** What a coordinator is started with: whatever is wrong is told at once, by setting, also by --check-config. */
import { chmodSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { checkingConfig, type HostFault, startFault } from '@secagg/host';
import { PASSWORD, TestPostgres } from '@secagg/testbed/postgres';
import { random } from '@secagg/testbed/random';
import pg from 'pg';
import { pino } from 'pino';
import { checkStart } from '../src/check-start';
import { readConfig } from '../src/config';
import { startService } from '../src/service';
import { databaseRefusal } from '../src/store/postgres/start-fault';
import { TestFleet } from './support/fleet';
import { checkConfig, CoordinatorProcess } from './support/process';

jest.setTimeout(120_000);

const create = () => new TestFleet({ routers: 3, committee: { size: 1, threshold: 1 } });
const running: CoordinatorProcess[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((process) => process.kill()));
});

type Environment = Record<string, string>;
/** How a start in this process ends: its status, and what main.ts would say. */
async function startedHere(fleet: TestFleet, config: object = {}, environment: Environment = {}): Promise<string> {
  try {
    const settings = { SECAGG_CONFIG: fleet.writeConfig(fleet.config(config)), ...environment };
    const service = await startService(readConfig(settings), {
      logger: pino({ level: 'silent' }),
      onFailure: (error) => {
        throw error;
      },
      environment: settings,
    });
    await service.stop();
    return 'it has started';
  } catch (error) {
    const { exitCode, message } = startFault(error);
    return `exit ${exitCode}: coordinator: ${message}\n`;
  }
}
/** What `--check-config` checks, likewise. */
const checkedHere = (fleet: TestFleet, config: object, environment: Environment = {}): Promise<string> =>
  checkingConfig(async () => {
    const settings = { SECAGG_CONFIG: fleet.writeConfig(config), ...environment };
    await checkStart(readConfig(settings), settings);
  }).then(
    () => 'exit 0: the configuration is ok\n',
    (error: HostFault) => `exit ${error.exitCode}: coordinator: ${error.message}\n`,
  );

/** How a process that is started ends: its status and all it says. */
async function started(fleet: TestFleet, config: object = {}, environment: Environment = {}): Promise<string> {
  try {
    running.push(await CoordinatorProcess.start(fleet, fleet.config(config), environment));
    return 'it has started';
  } catch (error) {
    return (error as Error).message;
  }
}

const key = (fleet: TestFleet, name: string) => join(fleet.folder, name);
const FIELD = '[a-zA-Z.0-9]+ \\((SECAGG_[A-Z_]+|DATABASE_URL)\\)';

type Case = [name: string, status: number, text: RegExp, change: (fleet: TestFleet) => [config: object, Environment?]];
const cases: Case[] = [
  ['no key file', 78, /^identityKeyFile \(.*absent cannot be read: ENOENT$/m, () => [{ identityKeyFile: 'absent' }]],
  ['a folder as key file', 78, /^identityKeyFile \(.*cannot be read: EISDIR$/m, () => [{ identityKeyFile: '.' }]],
  [
    'a key file of the right length that is of somebody else',
    78,
    /^identityKeyFile \(SECAGG_IDENTITY_KEY_FILE\): the key does not belong to the certificate of coordinator$/m,
    (fleet) => [{ identityKeyFile: fleet.write('other.key', random(32), 0o600) }],
  ],
  [
    "the authority's key in its place",
    78,
    /^identityKeyFile \(SECAGG_IDENTITY_KEY_FILE\): the key does not belong/m,
    (fleet) => [{ identityKeyFile: fleet.write('wrong.key', fleet.authority.publicKey, 0o600) }],
  ],
  [
    'an authority key of the right length that is none',
    78,
    /^policyFile .*bad_signature.*authorityKeyFile \(SECAGG_AUTHORITY_KEY_FILE\)\)$/m,
    (fleet) => [{ authorityKeyFile: fleet.write('other.pub', random(32)) }],
  ],
  [
    'a policy file that is none',
    78,
    /^policyFile \(.*is no signed document/m,
    (fleet) => [{ policyFile: key(fleet, 'authority.pub') }],
  ],
  ['a roster without a policy', 78, /go together$/m, () => [{ policyFile: undefined }]],
  [
    'no documents at the first start',
    78,
    /^policyFile .*the first start needs both/m,
    () => [{ policyFile: undefined, rosterFile: undefined }],
  ],
  [
    'an id that the roster does not have',
    78,
    /^id \(SECAGG_ID\): the roster has no certificate of other$/m,
    () => [{ id: 'other' }],
  ],
  ['an id of another role', 78, /^id \(SECAGG_ID\): .*role coordinator$/m, () => [{ id: 'operator' }]],
  ['a mistyped variable', 78, /SECAGG_LEASE_SM: .*SECAGG_LEASE_MS/m, () => [{}, { SECAGG_LEASE_SM: '1' }]],
  ['a host in brackets', 78, /^host \(SECAGG_HOST\)/m, () => [{}, { SECAGG_HOST: '[::1]' }]],
  [
    'a host that this machine does not have',
    69,
    /^host \(SECAGG_HOST\): cannot listen on 192\.0\.2\.1/m,
    () => [{}, { SECAGG_HOST: '192.0.2.1' }],
  ],
  [
    'a data folder that is a file',
    78,
    /^dataDir \(SECAGG_DATA_DIR\): .*EEXIST/m,
    () => [{ dataDir: 'coordinator.key' }],
  ],
  [
    'a data folder below a file',
    78,
    /^dataDir \(SECAGG_DATA_DIR\): .*ENOTDIR/m,
    () => [{ dataDir: 'coordinator.key/x' }],
  ],
  [
    'a database password that is not percent-encoded',
    78,
    /^databaseUrl \(DATABASE_URL\): cannot be read as a URL; in a password/m,
    () => [{}, { DATABASE_URL: `postgres://u:${PASSWORD}#/x@127.0.0.1/db` }],
  ],
  [
    'a database certificate that is not there',
    78,
    /^databaseUrl \(DATABASE_URL\), sslrootcert: \/nowhere cannot be read: ENOENT$/m,
    () => [{}, { DATABASE_URL: `postgres://u:${PASSWORD}@127.0.0.1/db?sslmode=verify-full&sslrootcert=/nowhere` }],
  ],
  [
    'a database certificate that is none',
    78,
    /^databaseUrl \(DATABASE_URL\), sslrootcert: .* holds no certificate in PEM$/m,
    (fleet) => [
      {},
      { DATABASE_URL: `postgres://u:${PASSWORD}@127.0.0.1/db?sslrootcert=${fleet.write('ca.pem', 'nothing')}` },
    ],
  ],
];

it.each(cases)('%s: %i, in one line that names the setting', async (_name, status, text, change) => {
  const fleet = create();
  const [config, environment] = change(fleet);
  const said = await startedHere(fleet, config, environment);
  expect(said).toMatch(new RegExp(`^exit ${status}: coordinator: `));
  const lines = said.replace(/^exit \d+: coordinator: /, '').trimEnd();
  expect(lines).toMatch(text);
  expect(lines.split('\n')).toHaveLength(1);
  expect(lines).not.toContain(PASSWORD);
  // What is known without opening a database or a port is told by the check too, in the same words.
  const checked = await checkedHere(fleet, fleet.config(config), environment);
  if (!/dataDir|cannot listen|first start/.test(lines)) expect(checked).toBe(`exit 78: coordinator: ${lines}\n`);
});

it('tells everything that is wrong at once, and that nothing is', async () => {
  const fleet = create();
  const wrong = { identityKeyFile: 'absent.key', authorityKeyFile: 'absent.pub', policyFile: 'absent.cbor' };
  for (const said of [await started(fleet, wrong), await checkConfig(fleet, fleet.config(wrong))]) {
    expect(said.trimEnd().split('\n')).toHaveLength(3);
    expect(said).toMatch(new RegExp(`^exit 78: coordinator: ${FIELD}: .*\n${FIELD}: .*\n${FIELD}: .*\n$`));
  }
  expect(await checkConfig(fleet, fleet.config())).toBe('exit 0: the configuration is ok\n');
  expect(await checkConfig(fleet, fleet.config(), { SECAGG_PORT: 'tcp://10.0.0.1:80' })).toMatch(
    /^exit 0: SECAGG_PORT holds the address of a Kubernetes service.*\nthe configuration is ok\n$/,
  );
});

it('a database that another authority has begun: 78, by setting', async () => {
  const fleet = create();
  expect(await started(fleet)).toBe('it has started');
  await running.splice(0)[0].stop();
  const other = create();
  fleet.write('other.pub', other.authority.publicKey);
  expect(await started(fleet, { authorityKeyFile: 'other.pub', policyFile: undefined, rosterFile: undefined })).toMatch(
    /^exit 78: coordinator: authorityKeyFile \(SECAGG_AUTHORITY_KEY_FILE\): the fleet documents in the database/,
  );
});

it('keys by link and databases of a group, as Kubernetes mounts them: refused, and taken when a setting says so', async () => {
  const fleet = create();
  fleet.write('mounted.key', fleet.coordinator.secretKey, 0o440);
  chmodSync(key(fleet, 'mounted.key'), 0o440);
  symlinkSync(key(fleet, 'mounted.key'), key(fleet, 'linked.key'));
  const mounted = { identityKeyFile: 'linked.key' };
  const refused = await started(fleet, mounted);
  expect(refused).toMatch(/^exit 77: coordinator: identityKeyFile .*mode 0440.*SECAGG_GROUP_ACCESS=true/);
  const group = { SECAGG_GROUP_ACCESS: 'true' };
  expect(await started(fleet, mounted, group)).toBe('it has started');
  await running.splice(0)[0].stop();
  const data = key(fleet, 'data');
  for (const name of readdirSync(data)) chmodSync(join(data, name), 0o660);
  expect(await started(fleet, {})).toMatch(/^exit 77: .*coordinator\.db has mode 0660.*SECAGG_GROUP_ACCESS=true/);
  expect(await started(fleet, mounted, group)).toBe('it has started');
  await running.splice(0)[0].stop();
  for (const mode of [0o444, 0o460, 0o441, 0o404]) {
    chmodSync(key(fleet, 'mounted.key'), mode);
    expect(await started(fleet, mounted, group)).toMatch(/^exit 77: coordinator: identityKeyFile /);
  }
  chmodSync(key(fleet, 'mounted.key'), 0o400);
  chmodSync(join(data, 'coordinator.db'), 0o664);
  expect(await started(fleet, mounted, group)).toMatch(/^exit 77: .*coordinator\.db has mode 0664/);
  expect(statSync(join(data, 'coordinator.db')).mode & 0o777).toBe(0o664);
});

it.each([
  ['28P01', 'password authentication failed', 'does not let this user in'],
  ['28000', 'no pg_hba.conf entry for host, no encryption', 'does not let this user in'],
  ['42501', 'permission denied for schema public', 'CREATE on its schema public'],
  ['3D000', 'database "x" does not exist', 'no such database'],
  ['3F000', 'no schema has been selected to create in', 'no schema'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate', 'TLS certificate'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames", 'TLS certificate'],
  ['CERT_HAS_EXPIRED', 'certificate has expired', 'TLS certificate'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate', 'TLS certificate'],
])('a database that says %s needs a person', (code, message, text) => {
  const fault = databaseRefusal(Object.assign(new Error(message), { code }));
  expect(fault).toMatchObject({ exitCode: 78, message: expect.stringMatching(`^databaseUrl .*${text}`) as unknown });
});

it.each(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', '57P03', '53300', '08006', '25006', '23505'])(
  'a database that says %s may be back soon, or the fault is ours',
  (code) => expect(databaseRefusal(Object.assign(new Error('x'), { code }))).toBeUndefined(),
);

const server = TestPostgres.start();
if (!server) console.error('PostgreSQL is not installed: starts on it are NOT tested');
(server ? describe : describe.skip)('on PostgreSQL', () => {
  const { createDatabase, stop } = {
    createDatabase: () => (server as TestPostgres).createDatabase(),
    stop: () => server?.stop(),
  };
  afterAll(stop);

  const refused: [name: string, text: RegExp, change: (url: URL) => unknown][] = [
    ['no such database', /has no such database/, (url) => (url.pathname = '/nowhere')],
    ['no such role', /does not let this user in/, (url) => (url.username = 'nobody-at-all')],
    ['a server without TLS', /asks for TLS/, (url) => url.searchParams.set('sslmode', 'verify-full')],
    [
      'no right to make tables',
      /lacks a right: it has to own the database/,
      async (url) => {
        const owner = new pg.Client({ connectionString: url.href });
        await owner.connect();
        await owner.query('CREATE ROLE "poor@role" LOGIN');
        await owner.end();
        url.username = 'poor%40role';
      },
    ],
  ];
  it.each(refused)('%s: 78, in one line that names the setting', async (_name, text, change) => {
    const url = new URL(createDatabase());
    await change(url);
    const said = await startedHere(create(), {}, { DATABASE_URL: url.href });
    expect(said).toMatch(/^exit 78: coordinator: databaseUrl \(DATABASE_URL\): [^\n]*\n$/);
    expect(said).toMatch(text);
    expect(said).not.toContain(PASSWORD);
  });

  it('a password with an at-sign is taken as it is, or percent-encoded', async () => {
    for (const password of ['p@ss', 'p%40ss']) {
      const url = createDatabase().replace(PASSWORD, password);
      expect(await startedHere(create(), {}, { DATABASE_URL: url })).toBe('it has started');
    }
  });
});

it('a database that nobody answers for: 75, in one line that names the setting', async () => {
  const said = await startedHere(create(), {}, { DATABASE_URL: `postgres://u:${PASSWORD}@127.0.0.1:9/db` });
  expect(said).toMatch(/^exit 75: coordinator: databaseUrl \(DATABASE_URL\): the database cannot be reached [^\n]*\n$/);
  expect(said).not.toContain(PASSWORD);
});
