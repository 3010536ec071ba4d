// How ciphertexts of a round add up and open, by its suite (docs/protocol.md, "Suites").
import { addInto, subtractFrom, unpack } from './packing.mjs';
import { latticeCipher } from './rlwe.mjs';

const dimensionOf = ({ layout }) => layout.keys.length * layout.fields.length;

// key: dimension and bits of the piece sums; open: a ciphertext, checked; total: the words of the sum of ciphertexts,
// less the pieces.
export function cipherOf(config) {
  const dimension = dimensionOf(config);
  return config.suite === 'pad' ? padCipher(dimension, config.layout.word_bits) : latticeCipher(config, dimension);
}

const padCipher = (dimension, bits) => ({
  key: { dimension, bits },
  open: (bytes, what) => unpack(bytes, dimension, bits, what),
  total: (ciphertexts, pieces) => {
    const words = new Float64Array(dimension);
    for (const ciphertext of ciphertexts) addInto(words, ciphertext, bits);
    for (const piece of pieces) subtractFrom(words, piece, bits);
    return words;
  },
});
