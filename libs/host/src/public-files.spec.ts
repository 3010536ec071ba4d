import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCertificates, readPublicKey } from './public-files';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secagg-public-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const key = Uint8Array.from({ length: 32 }, (_, i) => 200 - i);
const file = (content: Uint8Array | string): string => {
  const path = join(folder, 'file');
  writeFileSync(path, content, { mode: 0o644 });
  return path;
};
const fault = (text: string) =>
  expect.objectContaining({ exitCode: 78, message: expect.stringContaining(`SETTING: ${text}`) as unknown });

describe('public key files', () => {
  it.each([
    ['32 bytes', key],
    ['hexadecimal text', `${Buffer.from(key).toString('hex').toUpperCase()}\n`],
  ])('hold %s, whoever may read them', (_, content) => {
    expect(Buffer.compare(readPublicKey('SETTING', file(content)), key)).toBe(0);
  });

  it.each([
    ['31 bytes', key.slice(1)],
    ['33 bytes', new Uint8Array(33)],
    ['no hexadecimal digits', 'z'.repeat(64)],
    ['nothing', ''],
  ])('are refused with %s', (_name, content) => {
    const path = file(content);
    expect(() => readPublicKey('SETTING', path)).toThrow(fault(`${path} must hold 32 bytes`));
  });

  it.each([
    ['missing', 'absent', 'ENOENT'],
    ['a folder', '.', 'EISDIR'],
  ])('are refused when %s', (_name, name, code) => {
    const path = join(folder, name);
    expect(() => readPublicKey('SETTING', path)).toThrow(fault(`${path} cannot be read: ${code}`));
    expect(() => readCertificates('SETTING', path)).toThrow(fault(`${path} cannot be read: ${code}`));
  });
});

describe('files of certificate authorities', () => {
  const certificate = (): string => {
    const made = join(folder, 'made.pem');
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-subj',
        '/CN=test',
        '-days',
        '1',
        '-keyout',
        join(folder, 'made.key'),
        '-out',
        made,
      ],
      { stdio: 'ignore' },
    );
    return execFileSync('cat', [made], { encoding: 'utf8' });
  };

  it('hold one certificate or several, with text around them', () => {
    const pem = certificate();
    for (const text of [pem, `# our own\n${pem}\n${pem}`, pem.replaceAll('\n', '\r\n')])
      expect(readCertificates('SETTING', file(text))).toBe(text);
  });

  it('are refused without a certificate, or with one that cannot be read', () => {
    const pem = certificate();
    const path = file('');
    const privateKey = execFileSync('cat', [join(folder, 'made.key')], { encoding: 'utf8' });
    for (const text of ['', 'nothing here', privateKey, pem.replace('-----END CERTIFICATE-----', ''), key])
      expect(() => readCertificates('SETTING', file(text))).toThrow(fault(`${path} holds no certificate in PEM`));
    for (const text of [
      pem.replace(/\n[^\n]+\n/, '\nAAAA\n'),
      `${pem}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
    ])
      expect(() => readCertificates('SETTING', file(text))).toThrow(fault(`${path} holds a certificate that cannot`));
  });
});
