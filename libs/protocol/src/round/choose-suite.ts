/**
 * Which suite a coordinator announces a round in, where its plan names none (docs/rlwe.md, "Which suite a round has").
 */
import { suiteByName, suiteHasRoom } from '@secagg/crypto';
import { type RoundConfig } from '@secagg/schema';

type SuiteName = RoundConfig['suite'];

/**
 * A lattice suite makes uploads longer and costs routers more; from this many times its key's length on, members save
 * more than that.
 */
const WORTH_IT = 4;

/**
 * The first lattice suite of the policy that has room for the layout and whose key is short beside the vector, else
 * `pad`. A policy without `pad` gets its first suite with room.
 *
 * @param allowed suites of the policy, in its order
 */
export function chooseSuite(
  allowed: readonly SuiteName[],
  dimension: number,
  bits: number,
  maxContributions: number,
): SuiteName {
  const possible = allowed.filter((name) => suiteHasRoom(name, dimension, bits, maxContributions));
  const worthIt = (name: SuiteName): boolean => {
    const { keyWords } = suiteByName(name);
    return keyWords !== null && dimension >= WORTH_IT * keyWords;
  };
  const plain = possible.find((name) => suiteByName(name).keyWords === null);
  return possible.find(worthIt) ?? plain ?? possible[0] ?? allowed[0];
}
