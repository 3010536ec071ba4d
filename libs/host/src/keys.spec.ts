import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atRest, sealIdentityKey } from '@secagg/crypto';
import { type PartyId } from '@secagg/schema';
import { readIdentityFile } from './identity-file';
import { ownerOnlyDatabase } from './owner-only';
import { takeStoreKey as take } from './store-key';

const random = (length: number) => new Uint8Array(randomBytes(length));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const me = 'router-1' as PartyId;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secagg-host-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (content: Uint8Array | string, mode = 0o600): string => {
  const path = join(folder, hex(random(4)));
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
};
const fault = (exitCode: number, text: string) =>
  expect.objectContaining({ exitCode, message: expect.stringContaining(text) as unknown });

const warnings: string[] = [];
const takeStoreKey = (environment: NodeJS.ProcessEnv, setting: string, path: string | undefined, group = false) =>
  take(environment, setting, path, group, (problem) => warnings.push(problem));
beforeEach(() => (warnings.length = 0));

describe('the store key', () => {
  it('comes from a file or the environment, which is rid of it, though the system is not', () => {
    const key = random(32);
    expect(takeStoreKey({}, 'S', file(key))).toEqual(key);
    expect(takeStoreKey({}, 'S', file(`${hex(key)}\n`, 0o400))).toEqual(key);
    expect(warnings).toEqual([]);
    const environment = { SECAGG_STORE_KEY: hex(key) };
    expect(takeStoreKey(environment, 'S', undefined)).toEqual(key);
    expect(environment).toEqual({});
    expect(warnings).toEqual([expect.stringContaining('Prefer a file: S')]);
    expect(warnings[0]).not.toContain(hex(key).slice(0, 8));
    expect(takeStoreKey({}, 'S', undefined)).toBeUndefined();
  });

  it('is refused when it is ambiguous, no key or open to others, without being shown', () => {
    const key = hex(random(32));
    expect(() => takeStoreKey({ SECAGG_STORE_KEY: key }, 'S', file(key))).toThrow(fault(78, 'both'));
    expect(() => takeStoreKey({ SECAGG_STORE_KEY: key.slice(1) }, 'S', undefined)).toThrow(
      fault(78, '64 hexadecimal digits'),
    );
    expect(() => takeStoreKey({}, 'S', file(random(31)))).toThrow(fault(78, '32 bytes'));
    expect(() => takeStoreKey({}, 'S', join(folder, 'none'))).toThrow(fault(78, 'ENOENT'));
    for (const mode of [0o640, 0o604, 0o700, 0o660])
      expect(() => takeStoreKey({}, 'S', file(key, mode))).toThrow(fault(77, 'chmod 600'));
    expect(() => takeStoreKey({}, 'S', folder)).toThrow(fault(78, 'EISDIR'));
    try {
      takeStoreKey({ SECAGG_STORE_KEY: `${key}0` }, 'S', undefined);
    } catch (error) {
      expect(String(error)).not.toContain(key.slice(0, 8));
    }
  });
});

describe('a key file of a group', () => {
  it.each([0o440, 0o640])('is read with mode %i where that is allowed, also by a link', (mode) => {
    const key = random(32);
    const path = file(key, mode);
    symlinkSync(path, `${path}.link`);
    expect(() => takeStoreKey({}, 'S', path)).toThrow(fault(77, 'SECAGG_GROUP_ACCESS=true'));
    expect(takeStoreKey({}, 'S', path, true)).toEqual(key);
    expect(takeStoreKey({}, 'S', `${path}.link`, true)).toEqual(key);
  });

  it.each([0o460, 0o660, 0o444, 0o644, 0o604, 0o540, 0o450, 0o777])('is never read with mode %i', (mode) => {
    expect(() => takeStoreKey({}, 'S', file(random(32), mode), true)).toThrow(fault(77, 'chmod 600'));
  });
});

describe('an identity file', () => {
  it('is read sealed or in the clear, and says which', async () => {
    const seed = random(32);
    const storeKey = await atRest(random(32), random);
    expect(readIdentityFile('I', file(seed), me, undefined)).toEqual({ secretKey: seed, sealed: false });
    expect(readIdentityFile('I', file(`${hex(seed)}\n`), me, storeKey)).toEqual({ secretKey: seed, sealed: false });
    expect(readIdentityFile('I', file(sealIdentityKey(storeKey, seed, me)), me, storeKey)).toEqual({
      secretKey: seed,
      sealed: true,
    });
  });

  it('that is sealed needs its store key and its party', async () => {
    const sealed = file(sealIdentityKey(await atRest(random(32), random), random(32), me));
    const another = await atRest(random(32), random);
    expect(() => readIdentityFile('I', sealed, me, undefined)).toThrow(fault(78, 'no store key'));
    expect(() => readIdentityFile('I', sealed, me, another)).toThrow(fault(78, 'another store key'));
    expect(() => readIdentityFile('I', file('nonsense'), me, another)).toThrow(fault(78, 'identity seal'));
  });
});

describe('a database file', () => {
  it('is made for its owner alone, whatever the umask', () => {
    const path = join(folder, 'a.db');
    const before = process.umask(0);
    try {
      ownerOnlyDatabase(path);
    } finally {
      process.umask(before);
    }
    expect(statSync(path).mode & 0o777).toBe(0o600);
    ownerOnlyDatabase(path);
  });

  it.each(['', '-wal', '-shm', '-journal'])('that others can read%s is refused and left alone', (companion) => {
    const path = join(folder, 'a.db');
    ownerOnlyDatabase(path);
    writeFileSync(path + companion, 'x');
    chmodSync(path + companion, 0o640);
    expect(() => ownerOnlyDatabase(path)).toThrow(fault(77, `${path}${companion} has mode 0640`));
    expect(statSync(path + companion).mode & 0o777).toBe(0o640);
  });
});
