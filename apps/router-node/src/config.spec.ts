import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, named, readConfig } from './config';

const needed = {
  SECAGG_ID: 'router-1',
  SECAGG_CLUSTER: 'abcdef0123456789',
  SECAGG_COORDINATOR_URL: 'https://coordinator.example:8400',
  SECAGG_DATA_DIR: '/var/lib/secagg',
  SECAGG_IDENTITY_KEY_FILE: '/etc/secagg/identity.key',
  SECAGG_AUTHORITY_KEY_FILE: '/etc/secagg/authority.pub',
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secagg-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (content: unknown): string => {
  const path = join(folder, 'config.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const problemOf = (environment: Record<string, string>): string => {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the configuration was taken');
};

describe('configuration', () => {
  it('holds the budget to the window, unless told to hold it to single requests, which needs their unit', () => {
    expect(readConfig(needed).budgetProtects).toBe('window');
    expect(readConfig({ ...needed, SECAGG_BUDGET_PROTECTS: 'event' }).budgetProtects).toBe('event');
    expect(problemOf({ ...needed, SECAGG_BUDGET_PROTECTS: 'event', SECAGG_PRIVACY_UNIT: 'router' })).toMatch(
      /SECAGG_BUDGET_PROTECTS.*a router is in every round/,
    );
    expect(problemOf({ ...needed, SECAGG_BUDGET_PROTECTS: 'user' })).toContain('SECAGG_BUDGET_PROTECTS');
  });

  it('has safe defaults: loopback, noise required, single requests protected', () => {
    expect(readConfig(needed)).toMatchObject({
      host: '127.0.0.1',
      port: 8500,
      unsafeNoNoise: false,
      privacyUnit: 'request',
      budgetRho: 1,
      maxRoundRho: 0.1,
    });
  });

  it('lets the environment override the file, with numbers and flags in either form', () => {
    const path = file({ id: 'router-9', port: 1, unsafeNoNoise: true, budgetRho: 2.5, budgetWindowDays: '7' });
    expect(readConfig({ ...needed, SECAGG_CONFIG: path, SECAGG_PORT: '0', SECAGG_BUDGET_RHO: '' })).toMatchObject({
      id: 'router-1',
      port: 0,
      unsafeNoNoise: true,
      budgetRho: 2.5,
      budgetWindowDays: 7,
    });
  });

  it('takes null in the file as a setting that is not there', () => {
    const path = file({ port: null, requestsPerRequester: null });
    const config = readConfig({ ...needed, SECAGG_CONFIG: path });
    expect(config.port).toBe(8500);
    expect('requestsPerRequester' in config).toBe(false);
  });

  it('names every setting that is missing or wrong, with its variable', () => {
    const problem = problemOf({
      SECAGG_CLUSTER: 'XYZ',
      SECAGG_PORT: 'eighty',
      SECAGG_COORDINATOR_URL: 'ftp://host',
      SECAGG_UNSAFE_NO_NOISE: 'yes',
      SECAGG_BUDGET_DELTA: '0',
    });
    expect(problem).toContain('id (SECAGG_ID): is missing');
    for (const name of ['cluster', 'port', 'coordinatorUrl', 'unsafeNoNoise', 'budgetDelta'] as const) {
      expect(problem).toContain(`${named(name)}: `);
      expect(problem).not.toContain(`${named(name)}: is missing`);
    }
  });

  it.each([
    ['a setting it does not know', { ...{ prot: 1 } }, 'prot'],
    ['no object', [1], 'JSON object'],
    ['no JSON', '{', 'cannot be read as JSON'],
  ])('refuses a file with %s', (_, content, text) => {
    expect(problemOf({ ...needed, SECAGG_CONFIG: file(content) })).toContain(text);
  });
});
