import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { ConfigError, readSettings } from './read-settings';
import { type SettingMeta } from './setting';

const meta = (kind: SettingMeta['kind'], more: SettingMeta = {}) => ({ kind, ...more });
const schema = z.strictObject({
  id: z.string().optional(),
  port: z.int().min(0).max(65535).default(8400),
  maxRoundRho: z.number().positive().max(10).default(0.1),
  unsafeNoNoise: z.boolean().default(false),
  dataDir: z.string().meta(meta('path')).optional(),
  databaseUrl: z
    .string()
    .regex(/^postgres:/, { error: 'must be a postgres:// URL' })
    .meta(meta('secret', { variable: 'DATABASE_URL' }))
    .optional(),
  identityKeyFile: z
    .string()
    .meta(meta('path', { formerly: 'keyFile' }))
    .optional(),
  hosts: z.array(z.string().min(1)).default([]),
  timings: z.strictObject({ graceMs: z.int().min(0).default(2000) }).prefault({}),
  clusters: z.array(z.strictObject({ groups: z.int().min(1).default(1) })).default([]),
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secagg-settings-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (content: unknown): string => {
  const path = join(folder, 'config.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const read = (environment: Record<string, string>) => readSettings(schema, environment);
const problemsOf = (environment: Record<string, string>): string[] => {
  try {
    read(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
};

describe('settings', () => {
  it('have a variable each, inner fields too, which wins over the file; an empty one counts as not given', () => {
    const { config } = read({
      SECAGG_CONFIG: file({ port: 1, maxRoundRho: 2, timings: { graceMs: 5 }, clusters: [{}], id: 'a' }),
      SECAGG_PORT: '2',
      SECAGG_MAX_ROUND_RHO: '',
      SECAGG_TIMINGS_GRACE_MS: '7',
      SECAGG_HOSTS: 'a.example, b.example',
    });
    expect(config).toEqual({
      id: 'a',
      port: 2,
      maxRoundRho: 2,
      unsafeNoNoise: false,
      hosts: ['a.example', 'b.example'],
      timings: { graceMs: 7 },
      clusters: [{ groups: 1 }],
    });
  });

  it('have relative paths from where they are written', () => {
    const { config } = read({ SECAGG_CONFIG: file({ dataDir: 'data' }), SECAGG_IDENTITY_KEY_FILE: 'key' });
    expect(config).toMatchObject({ dataDir: join(folder, 'data'), identityKeyFile: resolve('key') });
  });

  it('refuse a path from the file that is only in the working directory, where an older release looked', () => {
    const before = process.cwd();
    mkdirSync(join(folder, 'work/data'), { recursive: true });
    process.chdir(join(folder, 'work'));
    try {
      expect(problemsOf({ SECAGG_CONFIG: file({ dataDir: 'data' }) })).toEqual([
        expect.stringMatching(/^dataDir \(SECAGG_DATA_DIR\): .*write the absolute path/),
      ]);
    } finally {
      process.chdir(before);
    }
  });

  describe.each(['port', 'timings.graceMs'])('%s, a whole number', (name) => {
    const variable = name === 'port' ? 'SECAGG_PORT' : 'SECAGG_TIMINGS_GRACE_MS';
    it.each(['NaN', '0x10', '1e3', ' 8400', '8400\n', '8400ms', '8_400', '08400', '+8400', '84.0', 'Infinity', '٣'])(
      'is not %j',
      (text) => expect(problemsOf({ [variable]: text })).toEqual([expect.stringContaining(`${name} (${variable}): `)]),
    );
  });

  it.each(['NaN', '0x10', '0.1 ', '10%', '1,5', '.5', '5.', 'Infinity', '1e999', '0', '11'])(
    'have no number %j',
    (text) =>
      expect(problemsOf({ SECAGG_MAX_ROUND_RHO: text })).toEqual([
        expect.stringContaining('maxRoundRho (SECAGG_MAX_ROUND_RHO): '),
      ]),
  );
  it.each([
    ['1e-6', 1e-6],
    ['0.25', 0.25],
    ['3', 3],
  ])('have the number %s', (text, value) =>
    expect(read({ SECAGG_MAX_ROUND_RHO: text }).config.maxRoundRho).toBe(value),
  );

  it.each(['TRUE', 'True', 'yes', 'no', '1', '0', 'on', 'true ', 'False'])('have no flag %j', (text) =>
    expect(problemsOf({ SECAGG_UNSAFE_NO_NOISE: text })).toEqual([
      expect.stringContaining('unsafeNoNoise (SECAGG_UNSAFE_NO_NOISE): '),
    ]),
  );

  it('are read from text in the file by the same rules', () => {
    const { config } = read({ SECAGG_CONFIG: file({ port: '7', unsafeNoNoise: 'true', timings: { graceMs: '9' } }) });
    expect(config).toMatchObject({ port: 7, unsafeNoNoise: true, timings: { graceMs: 9 } });
    expect(problemsOf({ SECAGG_CONFIG: file({ port: '0x7', unsafeNoNoise: 1, timings: { graceMs: '9 ' } }) })).toEqual([
      expect.stringMatching(/^port /),
      expect.stringMatching(/^timings.graceMs /),
      expect.stringMatching(/^unsafeNoNoise /),
    ]);
  });

  it('name the variable of a list for an entry of it', () => {
    expect(problemsOf({ SECAGG_CONFIG: file({ hosts: ['a', ''] }) })).toEqual([
      expect.stringMatching(/^hosts\.1 \(SECAGG_HOSTS\): /),
    ]);
  });

  it.each([
    ['SECAGG_MAX_ROUND_RH0', ' (do you mean SECAGG_MAX_ROUND_RHO?)'],
    ['SECAGG_UNSAFE_NO_NIOSE', ' (do you mean SECAGG_UNSAFE_NO_NOISE?)'],
    ['secagg_port', ' (do you mean SECAGG_PORT?)'],
    ['SECAGG_SOMETHING_ELSE_ALTOGETHER', ''],
    ['SECAGG_', ''],
  ])('refuse the variable %s, which does not exist', (name, hint) =>
    expect(problemsOf({ [name]: '1' })).toEqual([`${name}: there is no such variable${hint}`]),
  );

  it('refuse unknown fields, however deep, and say which is meant', () => {
    const path = file({ prot: 1, timings: { grace: 1, graceMS: 2 }, clusters: [{ group: 2 }] });
    expect(problemsOf({ SECAGG_CONFIG: path }).sort()).toEqual([
      'clusters.0: there is no field "group" (do you mean groups?)',
      'configuration: there is no field "prot" (do you mean port?)',
      'timings: there is no field "grace" (do you mean graceMs?)',
      'timings: there is no field "graceMS" (do you mean graceMs?)',
    ]);
  });

  it("are read in the environment of a service, by a tool: only what looks like the tool's own is refused", () => {
    const tool = z.strictObject({ storeKeyFile: z.string().optional() });
    const of = (name: string) => () => readSettings(tool, { [name]: '/k' }, { others: [], shared: true });
    for (const name of ['SECAGG_STORE_KEY_FILE', 'SECAGG_MAX_ROUND_RHO', 'SECAGG_CONFIG', 'SECAGG_IDENTITY_KEY_FILE'])
      expect(of(name)).not.toThrow();
    expect(of('SECAGG_STORE_KEYFILE')).toThrow('do you mean SECAGG_STORE_KEY_FILE?');
  });

  describe('beside services of Kubernetes', () => {
    const secagg = {
      SECAGG_PORT: 'tcp://10.0.0.1:80',
      SECAGG_SERVICE_HOST: '10.0.0.1',
      SECAGG_SERVICE_PORT: '80',
      SECAGG_SERVICE_PORT_HTTP: '80',
      SECAGG_PORT_80_TCP: 'tcp://10.0.0.1:80',
      SECAGG_PORT_80_TCP_PROTO: 'tcp',
      SECAGG_PORT_80_TCP_PORT: '80',
      SECAGG_PORT_80_TCP_ADDR: '10.0.0.1',
    };
    const coordinator = Object.fromEntries(
      Object.entries(secagg).map(([name, value]) => [name.replace('SECAGG', 'SECAGG_COORDINATOR'), value]),
    );

    it('ignore their variables, and say so where one has the name of a setting', () => {
      const { config, notices } = read({ ...secagg, ...coordinator });
      expect(config.port).toBe(8400);
      expect(notices).toEqual([expect.stringMatching(/^SECAGG_PORT holds the address of a Kubernetes service/)]);
      expect(read({ SECAGG_PORT: 'tcp://10.0.0.1:80' }).notices).toHaveLength(1);
    });

    it('take a port that is set by hand in the same container', () => {
      expect(read({ ...secagg, SECAGG_PORT: '8401' })).toMatchObject({ config: { port: 8401 }, notices: [] });
    });

    it('still refuse what no service sets', () => {
      expect(problemsOf({ ...secagg, SECAGG_PORTS: '1', SECAGG_OTHER_SERVICE_HOST: 'x' }).sort()).toEqual([
        'SECAGG_OTHER_SERVICE_HOST: there is no such variable',
        'SECAGG_PORTS: there is no such variable (do you mean SECAGG_PORT?)',
      ]);
    });
  });

  it('take a former name, and say so; both names at once are refused', () => {
    const found = read({ SECAGG_CONFIG: file({ keyFile: 'k' }) });
    expect(found.config.identityKeyFile).toBe(join(folder, 'k'));
    expect(found.notices).toEqual(['the field keyFile is now called identityKeyFile']);
    expect(read({ SECAGG_KEY_FILE: '/k' })).toEqual({
      config: expect.objectContaining({ identityKeyFile: '/k' }) as unknown,
      notices: ['SECAGG_KEY_FILE is now called SECAGG_IDENTITY_KEY_FILE'],
    });
    const twice = ['identityKeyFile (SECAGG_IDENTITY_KEY_FILE): is given twice: keyFile is its former name'];
    expect(problemsOf({ SECAGG_CONFIG: file({ keyFile: 'k', identityKeyFile: 'k' }) })).toEqual(twice);
    expect(problemsOf({ SECAGG_KEY_FILE: '/k', SECAGG_IDENTITY_KEY_FILE: '/k' })).toEqual([
      twice[0].replace('keyFile is', 'SECAGG_KEY_FILE is'),
    ]);
  });

  it.each([
    ['a variable', { DATABASE_URL: 'mysql://u:hunter2@db/x' }],
    ['one with white space', { DATABASE_URL: ' postgres://u:hunter2@db/x' }],
    ['a number', { SECAGG_PORT: 'hunter2' }],
  ])('never repeat a value: %s', (_name, environment) => {
    const problems = problemsOf(environment);
    expect(problems).toHaveLength(1);
    expect(problems[0]).not.toContain('hunter2');
  });

  it.each([
    ['is not there', undefined, /: ENOENT$/],
    ['is a list', '[]', /it must hold a JSON object$/],
    [
      'is no JSON, of which it says the line only',
      '{"databaseUrl":\n  "hunter2}',
      /it cannot be read as JSON, line 2$/,
    ],
    ['is empty', '', /it cannot be read as JSON/],
  ])('refuse a file that %s', (_name, content, expected) => {
    const path = content === undefined ? join(folder, 'absent.json') : file(content);
    const problems = problemsOf({ SECAGG_CONFIG: path });
    expect(problems).toEqual([expect.stringMatching(expected)]);
    expect(problems[0]).toMatch(/^SECAGG_CONFIG: cannot read the configuration file /);
    expect(problems[0]).not.toContain('hunter2');
  });

  it('are read from a file that begins with a byte order mark', () => {
    expect(read({ SECAGG_CONFIG: file('\uFEFF{"port": 3}') }).config.port).toBe(3);
  });
});
