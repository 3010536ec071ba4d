import { SecaggError } from '@secagg/schema';
import { MAX_WORD_BITS } from '../pad/limbs';

/** What a named cipher suite offers to whoever plans a round: the announcement carries only the name. */
export interface Suite {
  /** On the wire, and part of every key derivation. */
  readonly name: string;
  readonly description: string;
  /** Words are integers mod 2^b for b from 1 to this. */
  readonly maxWordBits: number;
  /** Contributions that may be added up before words could wrap for reasons of the suite itself; null when only the layout limits it. */
  readonly maxContributions: number | null;
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
  security: {
    classicalBits: 256,
    quantumBits: 128,
    source:
      'Castelluccia, Mykletun, Tsudik 2005 (additive stream cipher) over AES-256-CTR (NIST SP 800-38A) keyed by HKDF-SHA256 (RFC 5869) ' +
      'from 256-bit seeds; replication as Cramer, Damgård, Ishai 2005. Quantum: key search by Grover halves the exponent',
  },
};

const suites: readonly Suite[] = [padSuite];

/** Names of all suites this software can run, in order of introduction. */
export const suiteNames: readonly string[] = suites.map((suite) => suite.name);

/** @throws SecaggError `unsupported_suite` for a name this software does not know */
export function suiteByName(name: string): Suite {
  const found = suites.find((suite) => suite.name === name);
  if (found === undefined) throw new SecaggError('unsupported_suite', `There is no suite ${JSON.stringify(name)}`);
  return found;
}
