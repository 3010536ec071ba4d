import { createHash } from 'node:crypto';
import { drawSeeds, padContext, pieces, rlweElement, vectorCipher, WordSum } from '@secagg/crypto';
import { hex, unsafeBytes, unsafeInteger } from './unsafe-bytes';

/** Sums under lattice keys: elements, ciphertexts, what the piece's holders answer, what the sum opens to. */
export function latticeVectors() {
  return {
    about:
      'elements: the first numbers of a_l modulo each prime as drawn (step 4 of Suites), and SHA-256 of all N as 4 bytes little-endian each; ' +
      'piece_sum: the sum of the keystreams of all routers for the one piece 0, packed; opened: the sum of the vectors as signed integers, or null where the sum does not decode; words: the published sum, packed',
    cases: [
      latticeCase({ suite: 'rlwe-2048', bits: 17, dimension: 7, routers: 2, spoiled: false }),
      latticeCase({ suite: 'rlwe-4096', bits: 25, dimension: 10, routers: 2, spoiled: false }),
      latticeCase({ suite: 'rlwe-2048', bits: 36, dimension: 4, routers: 1, spoiled: true }),
    ],
  };
}

interface Shape {
  readonly suite: 'rlwe-2048' | 'rlwe-4096';
  readonly bits: number;
  readonly dimension: number;
  readonly routers: number;
  readonly spoiled: boolean;
}

function latticeCase({ suite, bits, dimension, routers, spoiled }: Shape) {
  const name = `lattice/${suite}/${bits}`;
  const [configHash, epochHash] = [unsafeBytes(`${name}/config`, 32), unsafeBytes(`${name}/epoch`, 32)];
  const context = { suite, fleet: 'fleet-1', cluster: 'c0ffee00c0ffee00', round: 7, configHash };
  const cipher = vectorCipher({ suite, dimension, bits, maxContributions: 100, epochHash, configHash });
  const pads = padContext(context);
  const limit = Math.floor(2 ** (bits - 1) / routers) - 1;
  const sum = cipher.newSum();
  const keystreams = new WordSum(cipher.keyDimension, cipher.keyBits);
  const opened = new Array<number>(dimension).fill(0);

  const contributions = Array.from({ length: routers }, (_, i) => {
    const router = `router-${i}`;
    const values = Array.from({ length: dimension }, (_unused, k) =>
      k < 2 ? [limit, -limit][k] : unsafeInteger(`${name}/${router}/${k}`, 2 * limit + 1) - limit,
    );
    const seeds = drawSeeds(pieces(1, 1), (length) => unsafeBytes(`${name}/${router}/seeds`, length));
    let draws = 0;
    const random = (length: number) => unsafeBytes(`${name}/${router}/draw/${draws++}`, length);
    const ciphertext = cipher.encrypt(pads(router), Float64Array.from(values), seeds, random);
    if (spoiled) ciphertext[(cipher.keyDimension * cipher.keyBits) / 8] ^= 1;
    sum.addPacked(ciphertext);
    for (const [piece, seed] of seeds) keystreams.addKeystream(pads(router).streamKey(piece, seed));
    values.forEach((value, k) => (opened[k] += value));
    return { router, values, seeds: [...seeds.values()].map(hex), ciphertext: hex(ciphertext) };
  });
  const pieceSum = hex(keystreams.toPacked());
  return {
    suite, bits, dimension,
    fleet: context.fleet, cluster: context.cluster, round: context.round, epoch_hash: hex(epochHash), config_hash: hex(configHash),
    elements: [0, 1].map((l) => rlweElement({ suite, epochHash, configHash }, l).map((values) => ({
      first: [...values.subarray(0, 4)],
      sha256: createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex'),
    }))),
    contributions,
    piece_sum: pieceSum,
    opened: spoiled ? null : opened,
    words: hex(cipher.open(sum, keystreams, routers)),
  };
}
