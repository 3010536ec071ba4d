import { drawSeeds, encryptVector, padContext, pieces, WordSum } from '@secagg/crypto';
import { hex, unsafeBytes, unsafeInteger } from './unsafe-bytes';

/**
 * Small rounds from the vectors to their sum: what routers send, what each piece's holders answer, what is published.
 */
export function encryptionVectors() {
  const shapes = [
    { m: 4, t: 2, bits: 20, dimension: 5, routers: 3 },
    { m: 3, t: 1, bits: 48, dimension: 4, routers: 2 },
    { m: 5, t: 3, bits: 42, dimension: 9, routers: 4 },
  ];
  return {
    about:
      'y = x + sum over S of the keystream of S, mod 2^bits, packed; piece_sums: per piece, the sum of the keystreams of all routers, packed; ' +
      'sum = sum of ciphertexts - sum of piece_sums, as signed integers',
    cases: shapes.map(encryptionCase),
  };
}

function encryptionCase({ m, t, bits, dimension, routers }: { m: number; t: number; bits: number; dimension: number; routers: number }) {
  const name = `encryption/${m}-${t}`;
  const context = { suite: 'pad', fleet: 'fleet-1', cluster: 'c0ffee00c0ffee00', round: 7, configHash: unsafeBytes(`${name}/config`, 32) };
  const pads = padContext(context);
  const all = pieces(m, t);
  const limit = Math.floor(2 ** (bits - 1) / routers) - 1;
  const total = new WordSum(dimension, bits);
  const pieceSums = new Map(all.map((piece) => [piece, new WordSum(dimension, bits)]));

  const contributions = Array.from({ length: routers }, (_, i) => {
    const router = `router-${i}`;
    const values = Array.from({ length: dimension }, (_unused, k) => unsafeInteger(`${name}/${router}/${k}`, 2 * limit + 1) - limit);
    const seeds = drawSeeds(all, (length) => unsafeBytes(`${name}/${router}/seeds`, length));
    const ciphertext = encryptVector(pads(router), bits, Float64Array.from(values), seeds);
    total.addPacked(ciphertext);
    for (const [piece, seed] of seeds) pieceSums.get(piece)?.addKeystream(pads(router).streamKey(piece, seed));
    return { router, values, seeds: [...seeds.values()].map(hex), ciphertext: hex(ciphertext) };
  });

  const ciphertextSum = hex(total.toPacked());
  for (const sum of pieceSums.values()) total.subtract(sum);
  return {
    m, t, bits, dimension,
    suite: context.suite, fleet: context.fleet, cluster: context.cluster, round: context.round, config_hash: hex(context.configHash),
    contributions,
    ciphertext_sum: ciphertextSum,
    piece_sums: [...pieceSums].map(([piece, sum]) => ({ piece, sum: hex(sum.toPacked()) })),
    sum: [...total.toSigned()],
  };
}
