/** vectors/lattice.json, recomputed by the second implementation. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { centred, unpack } from '../packing.mjs';
import { drawnElement, latticeCipher } from '../rlwe.mjs';

interface Case {
  readonly suite: 'rlwe-2048' | 'rlwe-4096';
  readonly bits: number;
  readonly dimension: number;
  readonly epoch_hash: string;
  readonly config_hash: string;
  readonly elements: readonly (readonly { readonly first: readonly number[]; readonly sha256: string }[])[];
  readonly contributions: readonly { readonly values: readonly number[]; readonly ciphertext: string }[];
  readonly piece_sum: string;
  readonly opened: readonly number[] | null;
  readonly words: string;
}

const { cases } = JSON.parse(readFileSync(join(__dirname, '../../../vectors/lattice.json'), 'utf8')) as {
  cases: Case[];
};
const unhex = (text: string) => Buffer.from(text, 'hex');
const PRIMES = [67084289, 67043329, 66994177, 66969601];

it.each(cases)('$suite, $dimension words of $bits bits', (one) => {
  const { suite, bits, dimension } = one;
  const config = {
    suite,
    epoch_hash: unhex(one.epoch_hash),
    hash: unhex(one.config_hash),
    layout: { word_bits: bits },
  };
  const cipher = latticeCipher(config, dimension);
  one.elements.forEach((primes, l) =>
    primes.forEach(({ first, sha256 }, i) => {
      const drawn = drawnElement(config, l, PRIMES[i], cipher.key.dimension);
      expect(drawn.slice(0, 4)).toEqual(first);
      expect(
        createHash('sha256')
          .update(new Uint8Array(Uint32Array.from(drawn).buffer))
          .digest('hex'),
      ).toBe(sha256);
    }),
  );
  const words = cipher.total(
    one.contributions.map(({ ciphertext }) => cipher.open(unhex(ciphertext), 'ciphertext')),
    [unpack(unhex(one.piece_sum), cipher.key.dimension, cipher.key.bits, 'piece sum')],
  );
  expect([...words]).toEqual([...unpack(unhex(one.words), dimension, bits, 'words')]);
  const values = Array.from(words, (word) => centred(word, bits));
  if (one.opened === null) expect(values.every((value) => value === -(2 ** (bits - 1)))).toBe(true);
  else {
    expect(values).toEqual(one.opened);
    const sums = values.map((_, k) => one.contributions.reduce((sum, each) => sum + each.values[k], 0));
    expect(sums).toEqual(one.opened);
  }
});

it('shows both suites, and a sum that does not decode', () => {
  expect(new Set(cases.map(({ suite }) => suite)).size).toBe(2);
  expect(cases.some(({ opened }) => opened === null)).toBe(true);
});
