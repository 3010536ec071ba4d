import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPublicKey, readSecretKey } from './key-files';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secagg-keys-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const key = Uint8Array.from({ length: 32 }, (_, i) => 200 - i);
const file = (content: Uint8Array | string, mode: number): string => {
  const path = join(folder, 'key');
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
};

describe('secret key files', () => {
  it.each([0o600, 0o400])('are read with mode %o', (mode) => expect(Buffer.compare(readSecretKey('S', file(key, mode)), key)).toBe(0));

  it.each([0o640, 0o604, 0o660, 0o700, 0o644, 0o777])('are refused with mode %o', (mode) => {
    expect(() => readSecretKey('SETTING', file(key, mode))).toThrow(/SETTING.*0600/);
  });

  it('are refused when they do not hold 32 bytes, without showing what they hold', () => {
    for (const content of [Buffer.from(key).toString('hex'), key.slice(1), '']) {
      expect(() => readSecretKey('S', file(content, 0o600))).toThrow(/bytes instead of 32$/);
    }
    expect(() => readSecretKey('S', join(folder, 'none'))).toThrow('ENOENT');
  });
});

describe('public key files', () => {
  it.each([['32 bytes', key], ['hexadecimal text', `${Buffer.from(key).toString('hex').toUpperCase()}\n`]])('hold %s', (_, content) => {
    expect(Buffer.compare(readPublicKey('S', file(content, 0o644)), key)).toBe(0);
  });

  it('are refused otherwise', () => expect(() => readPublicKey('SETTING', file('not a key', 0o644))).toThrow(/SETTING/));
});
