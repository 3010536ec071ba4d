import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rhoToEpsilon } from '@secagg/dp-noise';
import { ConfigError, readConfig } from './config';

const folder = mkdtempSync(join(tmpdir(), 'secagg-config-'));
const cluster = {
  cluster: 'ab'.repeat(16),
  keys: ['b:t', 'a:t'],
  minParticipantsPerGroup: 3,
  maxParticipants: 10,
  privacy: { epsilon: 1 },
};
const file = (content: unknown): string => {
  const path = join(folder, 'config.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const needed = { dataDir: 'data', identityKeyFile: 'key', authorityKeyFile: '/etc/authority.pub' };
const problemsOf = (environment: Record<string, string>): string[] => {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
};

describe('configuration', () => {
  it('comes from a file, with paths from its folder, and from variables, which win', () => {
    const config = readConfig({
      SECAGG_CONFIG: file({ ...needed, port: 1, clusters: [cluster] }),
      SECAGG_PORT: '8401',
      SECAGG_AUTO_EPOCHS: 'false',
      SECAGG_DATA_DIR: '/var/lib/x',
      SECAGG_HOST: '',
    });
    expect(config).toMatchObject({
      port: 8401,
      autoEpochs: false,
      dataDir: '/var/lib/x',
      identityKeyFile: join(folder, 'key'),
      authorityKeyFile: '/etc/authority.pub',
      host: '127.0.0.1',
    });
  });

  it('takes null as a field that is not there, at every depth', () => {
    const nulls = { ...cluster, groups: null, fields: { quality: null }, privacy: { epsilon: 1, rho: null } };
    const { clusters, port } = readConfig({ SECAGG_CONFIG: file({ ...needed, port: null, clusters: [nulls] }) });
    expect(port).toBe(8400);
    expect(clusters).toEqual(readConfig({ SECAGG_CONFIG: file({ ...needed, clusters: [cluster] }) }).clusters);
  });

  it('makes a catalogue of models at the default tasks, or at those that are named', () => {
    const planOf = (change: object) =>
      readConfig({ SECAGG_CONFIG: file({ ...needed, clusters: [{ ...cluster, keys: undefined, ...change }] }) })
        .clusters[0].plan.keys;
    const keys = planOf({ models: ['openai/gpt-4o:free', 'llama'] });
    expect(keys).toHaveLength(14);
    expect(keys).toEqual([...keys].sort());
    expect(keys).toContain('openai/gpt-4o:free:analytical_reasoning');
    expect(planOf({ models: ['b', 'a'], tasks: ['x'] })).toEqual(['a:x', 'b:x']);
  });

  it('makes a plan of a cluster: sorted catalogue, default fields, epsilon as rho', () => {
    const {
      clusters: [{ plan, trigger }],
    } = readConfig({ SECAGG_CONFIG: file({ ...needed, clusters: [cluster] }) });
    expect(plan.keys).toEqual(['a:t', 'b:t']);
    expect(plan.fields.map(({ name }) => name)).toEqual(['samples', 'successes', 'latency']);
    expect(rhoToEpsilon(plan.privacy.rho as number, 1e-6)).toBeCloseTo(1, 6);
    expect(trigger).toEqual({ kind: 'manual' });
  });

  it.each<[object, object]>([
    [{ kind: 'fixed', rho: 0.5 }, { rho: { kind: 'fixed', units: 2 ** 39 } }],
    [
      { kind: 'horizon', rounds: 30, expectedParticipants: 9 },
      { rho: { kind: 'horizon', rounds: 30 }, expectedParticipants: 9 },
    ],
    [{ kind: 'decay', numerator: 1, denominator: 20 }, { rho: { kind: 'decay', numerator: 1, denominator: 20 } }],
  ])('plans the budget as %j', (allocation, expected) => {
    const {
      clusters: [{ plan }],
    } = readConfig({ SECAGG_CONFIG: file({ ...needed, clusters: [{ ...cluster, privacy: { allocation } }] }) });
    expect(plan.privacy).toMatchObject({ unit: 'request', deltaInverse: 1_000_000, ...expected });
  });

  it('says everything that is missing or wrong, by field and variable', () => {
    expect(problemsOf({ SECAGG_PORT: 'high' })).toEqual([
      expect.stringMatching(/^port \(SECAGG_PORT\): /),
      'identityKeyFile (SECAGG_IDENTITY_KEY_FILE): is missing',
      'authorityKeyFile (SECAGG_AUTHORITY_KEY_FILE): is missing',
      'dataDir (SECAGG_DATA_DIR): is missing',
    ]);
  });

  it.each<[string, unknown, RegExp]>([
    ['an unknown field', { ...needed, prot: 1 }, /configuration: .*prot/],
    [
      'both epsilon and rho',
      { ...needed, clusters: [{ ...cluster, privacy: { epsilon: 1, rho: 1 } }] },
      /clusters.0.privacy: give one of/,
    ],
    [
      'neither epsilon nor rho',
      { ...needed, clusters: [{ ...cluster, privacy: {} }] },
      /clusters.0.privacy: give one of/,
    ],
    [
      'both epsilon and an allocation',
      { ...needed, clusters: [{ ...cluster, privacy: { epsilon: 1, allocation: { kind: 'horizon', rounds: 10 } } }] },
      /clusters.0.privacy: give one of/,
    ],
    [
      'a fraction above 1',
      {
        ...needed,
        clusters: [{ ...cluster, privacy: { allocation: { kind: 'decay', numerator: 3, denominator: 2 } } }],
      },
      /allocation: a fraction of at most 1/,
    ],
    [
      'unit router without its norm',
      { ...needed, clusters: [{ ...cluster, privacy: { epsilon: 1, unit: 'router' } }] },
      /clusters.0.privacy: routerClipNorm/,
    ],
    [
      'a key twice',
      { ...needed, clusters: [{ ...cluster, keys: ['a:t', 'a:t'] }] },
      /clusters.0.keys: a key is there twice/,
    ],
    [
      'a field option out of range',
      { ...needed, clusters: [{ ...cluster, fields: { latencyBoundSeconds: 1e9 } }] },
      /latencyBoundSeconds must be between/,
    ],
    ['no catalogue', { ...needed, clusters: [{ ...cluster, keys: undefined }] }, /clusters.0.keys: keys, or models/],
    ['two catalogues', { ...needed, clusters: [{ ...cluster, models: ['gpt'] }] }, /clusters.0.keys: either keys/],
    [
      'a task with a colon',
      { ...needed, clusters: [{ ...cluster, keys: undefined, models: ['gpt'], tasks: ['a:b'] }] },
      /clusters.0.tasks.0: /,
    ],
    [
      'a model twice',
      { ...needed, clusters: [{ ...cluster, keys: undefined, models: ['gpt', 'gpt'] }] },
      /clusters.0.keys: a key is there twice/,
    ],
    ['a key without a colon', { ...needed, clusters: [{ ...cluster, keys: ['a:t', 'gpt'] }] }, /clusters.0.keys.1: /],
    [
      'a minimum above the maximum',
      { ...needed, clusters: [{ ...cluster, groups: 4 }] },
      /clusters.0.maxParticipants: 4 groups of minParticipantsPerGroup 3 need 12/,
    ],
    [
      'nobody honest',
      { ...needed, clusters: [{ ...cluster, privacy: { epsilon: 1, assumedColluders: 3 } }] },
      /clusters.0.privacy.assumedColluders: leaves no honest router/,
    ],
    [
      'a median of two groups',
      { ...needed, clusters: [{ ...cluster, groups: 2, combination: 'median' }] },
      /clusters.0.groups: a median needs at least 3/,
    ],
    [
      'sending after the deadline',
      { ...needed, clusters: [{ ...cluster, sendDelayMs: 1000, durationMs: 1000 }] },
      /clusters.0.sendDelayMs: must be below durationMs/,
    ],
    [
      'rounds longer than epochs',
      { ...needed, epochLifetimeMs: 20_000, clusters: [cluster] },
      /clusters.0.durationMs: a round ends within its epoch/,
    ],
    ['a cluster twice', { ...needed, clusters: [cluster, cluster] }, /clusters.1.cluster: is there twice/],
    ['a host in brackets', { ...needed, host: '[::1]' }, /host \(SECAGG_HOST\): .*without brackets, as ::1/],
    ['a host with a port', { ...needed, host: 'tcp://0.0.0.0' }, /host \(SECAGG_HOST\): must be an address/],
    ['no JSON', '{', /cannot read the configuration file/],
    ['no object', '[]', /must hold a JSON object/],
  ])('refuses %s', (_name, content, expected) => {
    expect(problemsOf({ SECAGG_CONFIG: file(content) }).join('\n')).toMatch(expected);
  });

  it('needs no folder where a database is named, and never repeats the URL, which may hold a password', () => {
    const { dataDir: _dataDir, ...rest } = needed;
    const environment = { SECAGG_CONFIG: file({ ...rest }), DATABASE_URL: 'postgres://user:secret@db.example/secagg' };
    expect(readConfig(environment)).toMatchObject({ databaseUrl: environment.DATABASE_URL, leaseMs: 5000 });
    expect(problemsOf({ ...environment, DATABASE_URL: 'mysql://user:secret@db.example/secagg' })).toEqual([
      'databaseUrl (DATABASE_URL): must be a postgres:// URL',
    ]);
  });

  it('refuses a file that is not there', () => {
    expect(problemsOf({ SECAGG_CONFIG: join(folder, 'absent.json') })[0]).toMatch(/cannot read .*absent.json/);
  });
});
