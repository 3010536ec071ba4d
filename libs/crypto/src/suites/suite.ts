import { SecaggError } from '@secagg/schema';
import { MAX_WORD_BITS } from '../pad/limbs';
import { padCipher } from '../pad/pad-cipher';
import { type ElementContext, expandElement } from '../rlwe/expand';
import { MAX_CONTRIBUTIONS, rlweParameters, type RlweSuiteName } from '../rlwe/parameters';
import { rlweCipher } from '../rlwe/rlwe-cipher';
import { type VectorCipher } from './vector-cipher';

/** What a round plan needs to know of a named cipher suite: the announcement carries only the name. */
export interface Suite {
  /** On the wire, and part of every key derivation. */
  readonly name: string;
  readonly description: string;
  /** Words are integers mod 2^b for b from 1 to this. */
  readonly maxWordBits: number;
  /**
   * Contributions that may be added up before words could wrap for reasons of the suite itself; null when only the
   * layout limits it.
   */
  readonly maxContributions: number | null;
  /** Words of the key that is sent under the pad, of 16 bits each; null where the pad hides the vector itself. */
  readonly keyWords: number | null;
  readonly security: {
    /** Bits against a classical attacker, for the confidentiality of a vector towards everybody below the threshold. */
    readonly classicalBits: number;
    /** Bits against a quantum attacker; null where nothing is claimed. Sealing has its own suite and its own claim. */
    readonly quantumBits: number | null;
    /** Where the figures come from. */
    readonly source: string;
  };
}

/** Base suite: a one-time pad per piece, added word by word. */
export const padSuite: Suite = {
  name: 'pad',
  description: 'Words mod 2^b under the sum of one AES-256-CTR keystream per piece; ciphertexts and keystreams add',
  maxWordBits: MAX_WORD_BITS,
  maxContributions: null,
  keyWords: null,
  security: {
    classicalBits: 256,
    quantumBits: 128,
    source:
      'Castelluccia, Mykletun, Tsudik 2005 (additive stream cipher) over AES-256-CTR (NIST SP 800-38A) keyed by HKDF-SHA256 (RFC 5869) ' +
      'from 256-bit seeds; replication as Cramer, Damgård, Ishai 2005. Quantum: key search by Grover halves the exponent',
  },
};

/** A lattice key under the pad: for vectors that are long beside N. */
const latticeSuite = (name: RlweSuiteName): Suite => ({
  name,
  description: `Words under a ring-LWE key of ${rlweParameters[name].degree} coefficients, and that key under the pad; both add`,
  maxWordBits: Math.min(MAX_WORD_BITS, rlweParameters[name].maxPlaintextBits),
  maxContributions: MAX_CONTRIBUTIONS,
  keyWords: rlweParameters[name].degree,
  security: {
    classicalBits: 128,
    quantumBits: null,
    source:
      'Ring-LWE with a Gaussian key of width 4.6 (3.25 given the sums of keys and errors), log2 q within the table of Bossuat et al., ' +
      'eprint 2024/463; the key under suite `pad`. docs/rlwe.md',
  },
});

const suites: readonly Suite[] = [padSuite, latticeSuite('rlwe-2048'), latticeSuite('rlwe-4096')];

/** What the ciphertexts of a round are made for. */
export interface VectorShape extends Omit<ElementContext, 'suite'> {
  readonly suite: string;
  readonly dimension: number;
  readonly bits: number;
  readonly maxContributions: number;
}

/**
 * @throws SecaggError `unsupported_suite` for a suite that is not known, or words or contributions that it has no room
 * for
 */
export function vectorCipher({ suite, dimension, bits, maxContributions, ...round }: VectorShape): VectorCipher {
  const { name } = suiteByName(suite);
  return name === padSuite.name
    ? padCipher(dimension, bits)
    : rlweCipher({ ...round, suite: name as RlweSuiteName }, dimension, bits, maxContributions);
}

/** Names of all suites this software can run, in order of introduction. */
export const suiteNames: readonly string[] = suites.map((suite) => suite.name);

/** @throws SecaggError `unsupported_suite` for a name this software does not know */
export function suiteByName(name: string): Suite {
  const found = suites.find((suite) => suite.name === name);
  if (found === undefined) throw new SecaggError('unsupported_suite', `There is no suite ${JSON.stringify(name)}`);
  return found;
}

/** Whether vectors of this shape can be sent and summed in a suite. */
export function suiteHasRoom(suite: string, dimension: number, bits: number, maxContributions: number): boolean {
  const { maxWordBits, maxContributions: most } = suiteByName(suite);
  return dimension >= 1 && bits <= maxWordBits && (most === null || maxContributions <= most);
}

/** The public element a_l of a round in a lattice suite, modulo each of its primes, as drawn: for test vectors. */
export const rlweElement = (context: ElementContext, element: number): Uint32Array[] =>
  rlweParameters[context.suite].primes.map((p) => expandElement(context, element, p));
