/**
 * Epsilon estimated from below by attack, and the variance the noise really has.
 *
 * 20,000 rounds are simulated for each of two neighbouring fleets. The attacker knows everything but the noise of the
 * honest routers, so the best test is the projection of the sum on the missing contribution against a threshold.
 * Over many rounds: `attack-over-rounds.spec.ts`.
 */
import { unsafeSeededRandom } from '@secagg/testbed/random';
import {
  addNoise,
  clipToL2Ball,
  costOfRound,
  planNoise,
  rhoToBudgetUnits,
  rhoToEpsilon,
  sampleDiscreteGaussian,
  unitsToRho,
  type RandomBytes,
  type Variance,
} from '../src';
import { epsilonFromBelow } from './support/epsilon-from-below';

const ROUNDS = 20_000;
const CONFIDENCE_LOSS = 1e-3;
// Where a halved noise stands out most clearly from the claim with this many rounds; a rho-zCDP claim covers every
// delta.
const delta = 0.01;
const targetRho = 1 / 4;
const bound = 1000;
const dimension = 7;
const participants = 7;
const colluders = 2;
const honest = participants - colluders;

const { shareVariance, worstCase } = planNoise({
  units: rhoToBudgetUnits(targetRho),
  sensitivity: bound,
  honestQuorum: honest,
  dimension,
});
const claimed = rhoToEpsilon(unitsToRho(worstCase.units), delta);

/** A fleet's true vectors; the neighbour lacks what the unit contributed. */
interface Fleet {
  readonly name: string;
  readonly vectors: Float64Array[];
  readonly neighbour: Float64Array[];
}

const background = (router: number): Float64Array =>
  Float64Array.from({ length: dimension }, (_, i) => ((router + 1) * (i + 3) * 37) % 400);

/** One router reports far more than its bound; its neighbour sends zeros. */
function routerFleet(): Fleet {
  const vectors = Array.from({ length: participants }, (_, router) => background(router));
  vectors[0] = Float64Array.from({ length: dimension }, (_, i) => (i % 2 === 0 ? 90_000 : -70_000));
  for (const vector of vectors) clipToL2Ball(vector, bound);
  return {
    name: 'router',
    vectors,
    neighbour: vectors.map((vector, i) => (i === 0 ? new Float64Array(dimension) : vector)),
  };
}

/** One request among a hundred reports far more than its bound; in the neighbour its values are zero. */
function requestFleet(): Fleet {
  const vectorsWith = (outlier: number): Float64Array[] =>
    Array.from({ length: participants }, (_, router) => {
      const requests = Array.from({ length: 100 }, (__, i) => background(router + i));
      if (router === 0) requests.push(new Float64Array(dimension).fill(outlier));
      for (const values of requests) clipToL2Ball(values, bound);
      return requests.reduce((sums, values) => sums.map((sum, i) => sum + values[i]));
    });
  return { name: 'request', vectors: vectorsWith(50_000), neighbour: vectorsWith(0) };
}

/** Sums of all rounds as the coordinator opens them, one after the other; the colluders' vectors carry no noise. */
function openedSums(vectors: Float64Array[], variance: Variance, random: RandomBytes): Float64Array {
  const sums = new Float64Array(ROUNDS * dimension);
  vectors.forEach((vector, router) => {
    const sent = sums.map((_, i) => vector[i % dimension]);
    if (router < honest) addNoise(sent, variance, random);
    sent.forEach((value, i) => (sums[i] += value));
  });
  return sums;
}

function empiricalEpsilon({ vectors, neighbour, name }: Fleet, variance: Variance): number {
  const random = unsafeSeededRandom(`attack on a ${name}`);
  const target = vectors[0].map((value, i) => value - neighbour[0][i]);
  const scores = (fleet: Float64Array[]): Float64Array => {
    const sums = openedSums(fleet, variance, random);
    return Float64Array.from({ length: ROUNDS }, (_, round) =>
      target.reduce((score, value, i) => score + value * sums[round * dimension + i], 0),
    );
  };
  const [present, absent] = [scores(vectors), scores(neighbour)];
  return epsilonFromBelow(present, absent, delta, CONFIDENCE_LOSS);
}

describe('attack on the noise', () => {
  it.each([routerFleet(), requestFleet()])(
    'cannot tell neighbouring fleets apart beyond the claimed epsilon (unit $name)',
    (fleet) => {
      const found = empiricalEpsilon(fleet, shareVariance);
      expect(found).toBeLessThan(claimed);
      // The attack is a real one: it finds more than half of what is claimed.
      expect(found).toBeGreaterThan(claimed / 2);
    },
  );

  it.each([routerFleet(), requestFleet()])(
    'would tell if the noise were half of what it must be (unit $name)',
    (fleet) => {
      const halved = { numerator: Math.floor(shareVariance.numerator / 4), denominator: shareVariance.denominator };
      expect(empiricalEpsilon(fleet, halved)).toBeGreaterThan(claimed);
    },
  );
});

describe('noise with dropouts', () => {
  const COORDINATES = 200_000;

  it.each([
    ['exactly the minimum', 7],
    ['all', 40],
  ])('has the variance the ledger charged for, within 2%%, with %s contributing', (_, contributions) => {
    const random = unsafeSeededRandom(`dropouts ${contributions}`);
    const sum = new Float64Array(COORDINATES);
    const noise = new Int32Array(COORDINATES);
    for (let router = 0; router < contributions - colluders; router++) {
      sampleDiscreteGaussian(shareVariance, noise, random).forEach((value, i) => (sum[i] += value));
    }
    const variance = sum.reduce((total, value) => total + value * value, 0) / COORDINATES;
    const { units } = costOfRound({ shareVariance, sensitivity: bound, dimension }, [contributions], colluders);
    const charged = bound ** 2 / (2 * unitsToRho(units));
    expect(Math.abs(variance / charged - 1)).toBeLessThan(0.02);
    if (contributions === participants) expect(units).toBe(worstCase.units);
  });
});
