import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateIdentityKey } from '@secagg/crypto';
import { checkIdentity, readFleetFiles } from './key-files';

const folder = mkdtempSync(join(tmpdir(), 'secagg-keys-'));
const file = (content: Uint8Array | string, mode = 0o600): string => {
  const path = join(folder, randomBytes(4).toString('hex'));
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
};
const seed = new Uint8Array(randomBytes(32));
const { publicKey, secretKey } = generateIdentityKey((length) => new Uint8Array(randomBytes(length)));

describe('key files', () => {
  it('names the file that is missing or damaged', () => {
    const absent = join(folder, 'absent');
    expect(() => readFleetFiles(absent, absent)).toThrow(
      /^policyFile \(SECAGG_POLICY_FILE\): .*absent cannot be read: ENOENT$/,
    );
    const damaged = file('x');
    expect(() => readFleetFiles(damaged, damaged)).toThrow(`${damaged} is no signed document`);
    expect(() => readFleetFiles(damaged, undefined)).toThrow('go together');
    expect(readFleetFiles(undefined, undefined)).toBeUndefined();
  });

  it("tells a key that is not the coordinator's", () => {
    const certificate = { public_key: publicKey, roles: ['coordinator'] };
    expect(() => checkIdentity(certificate, 'c', secretKey)).not.toThrow();
    expect(() => checkIdentity(certificate, 'c', seed)).toThrow(
      'identityKeyFile (SECAGG_IDENTITY_KEY_FILE): the key does not belong',
    );
    expect(() => checkIdentity({ ...certificate, roles: ['router'] }, 'c', secretKey)).toThrow('role coordinator');
    expect(() => checkIdentity(undefined, 'c', secretKey)).toThrow('no certificate of c');
  });
});
