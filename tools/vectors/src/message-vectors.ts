import { domainHash, type HashPart } from '@secagg/crypto';
import { hex, unsafeBytes } from './unsafe-bytes';

/**
 * How the hashes that messages refer to one another by are formed; bodies are opaque here, their encoding has vectors
 * of its own.
 */
export function messageHashVectors() {
  const body = (name: string, length = 90) => unsafeBytes(`messages/${name}`, length);
  const hashes: [name: string, label: string, parts: HashPart[]][] = [
    ['config_hash', 'round-config', [body('announcement')]],
    ['epoch_hash', 'epoch', [body('epoch')]],
    ['header_hash', 'contribution-header', [body('header')]],
    ['decision_hash', 'decision', [body('decision')]],
    ['reports_hash', 'reports', [body('report/0'), body('report/0/signature', 64), body('report/1'), body('report/1/signature', 64)]],
    ['ciphertext_digest', 'ciphertext-digest', [body('ciphertext', 6144)]],
    ['commitments_digest', 'commitments-digest', [body('commitments', 4 * 32)]],
    ['box_digest', 'box-digest', [body('encapsulation', 32), body('box', 96 + 16)]],
  ];
  return {
    about:
      'digest = domainHash(label, parts), see hashing.json; group = first 6 bytes of domainHash("group", epoch_hash, cluster, round, router), ' +
      'big-endian, mod groups',
    hashes: hashes.map(([name, label, parts]) => ({ name, label, parts: parts.map((part) => hex(part as Uint8Array)), digest: hex(domainHash(label, ...parts)) })),
    groups: Array.from({ length: 12 }, (_, i) => {
      const place = { epoch_hash: body('epoch', 32), cluster: '0123456789abcdef', round: 1 + (i % 3), router: `router-${i}`, groups: 1 + (i % 5) };
      const digest = domainHash('group', place.epoch_hash, place.cluster, place.round, place.router);
      return { ...place, epoch_hash: hex(place.epoch_hash), group: Buffer.from(digest).readUIntBE(0, 6) % place.groups };
    }),
  };
}
