import { type PadRound, domainMessage, lengthPrefixed, pack, padContext, WordSum } from '@secagg/crypto';
import { type SubsetMask } from '@secagg/schema';
import { hex, unsafeBytes, unsafeInteger } from './unsafe-bytes';

export function packingVectors() {
  const shapes: [bits: number, dimension: number][] = [
    [1, 11], [7, 9], [8, 3], [13, 5], [16, 3], [17, 8], [31, 3], [32, 2], [33, 7], [40, 5], [42, 4], [47, 5], [48, 3],
  ];
  const cases = shapes.map(([bits, dimension]) => {
    const words = Array.from({ length: dimension }, (_, i) => unsafeInteger(`packing/${bits}/${i}`, 2 ** bits));
    words[0] = 2 ** bits - 1;
    return { bits, words, packed: hex(pack(Float64Array.from(words), bits)) };
  });
  return {
    about:
      'word i occupies bits [i*b, (i+1)*b) of the string, least significant first, bit 0 of byte 0 first; ceil(d*b/8) bytes, zero bits after the ' +
      'last word. Every string under `refused` is not an encoding',
    cases,
    refused: [
      { bits: 13, dimension: 5, packed: '00'.repeat(8), code: 'malformed' },
      { bits: 13, dimension: 5, packed: '00'.repeat(10), code: 'malformed' },
      { bits: 13, dimension: 5, packed: '00'.repeat(8) + '02', code: 'not_canonical' },
      { bits: 13, dimension: 5, packed: '00'.repeat(8) + '80', code: 'not_canonical' },
      { bits: 1, dimension: 11, packed: '0008', code: 'not_canonical' },
    ],
  };
}

const rounds: (PadRound & { name: string })[] = [
  { name: 'plain', suite: 'pad', fleet: 'fleet-1', cluster: '0123456789abcdef', round: 1, configHash: unsafeBytes('keystream/config/1', 32) },
  {
    name: 'long', suite: 'pad', fleet: 'flotte-é', cluster: hex(unsafeBytes('keystream/cluster', 32)), round: 2 ** 40 + 3,
    configHash: unsafeBytes('keystream/config/2', 32),
  },
  { name: 'key of another suite', suite: 'rlwe-4096', fleet: 'fleet-1', cluster: '0123456789abcdef', round: 1, configHash: unsafeBytes('keystream/config/1', 32) },
];

export function keystreamVectors() {
  const streams: [router: string, piece: number, bits: number][] = [['router-1', 0, 48], ['router-1', 0b011, 42], ['router-2', 2 ** 29 + 1, 17]];
  const cases = rounds.flatMap((round) =>
    streams.map(([router, piece, bits]) => {
      const seed = unsafeBytes(`keystream/seed/${router}/${piece}`, 32);
      const key = padContext(round)(router).streamKey(piece as SubsetMask, seed);
      const sum = new WordSum(12, bits);
      sum.addKeystream(key);
      return {
        suite: round.suite, fleet: round.fleet, cluster: round.cluster, round: round.round, config_hash: hex(round.configHash),
        router, piece, seed: hex(seed), info: hex(keystreamInfo(round, router, piece)), key: hex(key), bits,
        words: [...sum.toSigned()].map((word) => (word < 0 ? word + 2 ** bits : word)),
      };
    }),
  );
  return {
    about:
      'key = HKDF-SHA256(ikm = seed, salt empty, info, 32 bytes); info = lp("secagg/1/pad/keystream") || lp(suite) || lp(fleet) || lp(cluster) || ' +
      'lp(round, 8 bytes) || lp(config_hash) || lp(router) || lp(piece, 4 bytes); words = AES-256-CTR from a zero counter block, 6 bytes each, ' +
      'little-endian, masked to `bits`',
    cases,
  };
}

function keystreamInfo(round: PadRound, router: string, piece: number): Uint8Array {
  const mask = Buffer.alloc(4);
  mask.writeUInt32BE(piece);
  const shared = domainMessage('pad/keystream', round.suite, round.fleet, round.cluster, round.round, round.configHash);
  return Buffer.concat([shared, lengthPrefixed(router, mask)]);
}
