import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPublicKey } from './key-files';

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

describe('public key files', () => {
  it.each([
    ['32 bytes', key],
    ['hexadecimal text', `${Buffer.from(key).toString('hex').toUpperCase()}\n`],
  ])('hold %s', (_, content) => {
    expect(Buffer.compare(readPublicKey('S', file(content, 0o644)), key)).toBe(0);
  });

  it('are refused otherwise', () =>
    expect(() => readPublicKey('SETTING', file('not a key', 0o644))).toThrow(/SETTING/));
});
