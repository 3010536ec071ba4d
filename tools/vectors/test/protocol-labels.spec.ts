import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configHash, decisionHash, epochHash, groupOf, headerHash, reportsHash } from '@secagg/protocol';
import { type ClusterHash, type PartyId, type RoundNumber } from '@secagg/schema';

interface File {
  hashes: { name: string; parts: string[]; digest: string }[];
  groups: { epoch_hash: string; cluster: string; round: number; router: string; groups: number; group: number }[];
}
const file = JSON.parse(readFileSync(join(__dirname, '../../../vectors/messages.json'), 'utf8')) as File;
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

describe('the labels of messages.json are those the roles use', () => {
  it.each([
    ['config_hash', ([body]) => configHash(body)],
    ['epoch_hash', ([body]) => epochHash(body)],
    ['decision_hash', ([body]) => decisionHash(body)],
    ['header_hash', ([body]) => headerHash({ body: body, signature: new Uint8Array(64) })],
    [
      'reports_hash',
      ([first, signature, second, signature2]) =>
        reportsHash([
          { body: first, signature: signature },
          { body: second, signature: signature2 },
        ]),
    ],
  ] satisfies [string, (parts: Uint8Array[]) => Uint8Array][])('%s', (name, hashed) => {
    const found = file.hashes.find((one) => one.name === name);
    expect(Buffer.from(hashed((found?.parts ?? []).map(bytes))).toString('hex')).toBe(found?.digest);
  });

  it('groups', () => {
    for (const one of file.groups) {
      const config = { cluster: one.cluster as ClusterHash, round: one.round as RoundNumber, groups: one.groups, epoch_hash: bytes(one.epoch_hash) };
      expect(groupOf(config, one.router as PartyId)).toBe(one.group);
    }
  });
});
