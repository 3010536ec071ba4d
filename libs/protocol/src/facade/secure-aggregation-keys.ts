/**
 * Everything that a fleet in one process needs: authority, certificates, policy, committee, epoch, and the terms of its
 * rounds.
 */
import { randomFillSync } from 'node:crypto';
import { epsilonToRho, rhoToBudgetUnits } from '@secagg/dp-noise';
import {
  type ClusterHash,
  createClusterHash,
  defaultFields,
  type FieldOptions,
  type PartyId,
  type RandomBytes,
  requestNorm,
  SecaggError,
} from '@secagg/schema';
import { type RoundPlan } from '../coordinator/plan-round';
import { LocalFleet } from './local-fleet';
import { type LocalRouter } from './local-parties';

export interface SecureAggregationOptions {
  /** Keys `model:task` that the rounds aggregate, in any order. What a router has beyond them stays with it. */
  readonly catalogue: readonly string[];
  /** Milliseconds since 1970, as `Date.now`. */
  readonly clock: () => number;
  /**
   * Fewest contributions a round is opened with; announced, so that no later request can lower it. Default 2 (1 for one
   * router). The noise of all but t-1 of them is counted on, so more make each router's share smaller.
   */
  readonly minParticipants?: number;
  /** Default: the hash of a random name. */
  readonly clusterHash?: ClusterHash;
  /** t-of-m committee of the first m routers. Default 2-of-4, with three routers 2-of-3, with fewer 1-of-1. */
  readonly committee?: { readonly size: number; readonly threshold: number };
  /** What is sent of each key. Default all of GAP-371. */
  readonly fields?: Omit<FieldOptions, 'unitsPerRequest'>;
  /**
   * Requests a router's signal may stand for in a round; one of more counts as that many, with the same means. Default
   * 1000.
   */
  readonly maxRequestsPerRouter?: number;
  /**
   * What a round may cost each router at worst, and how many such rounds its budget is for. Default epsilon 1 at delta
   * 1e-6, 100 rounds.
   */
  readonly privacy?: { readonly epsilon?: number; readonly deltaInverse?: number; readonly rounds?: number };
  /** No noise and no privacy claim beyond hiding each router in the sum: trials and tests. */
  readonly unsafeNoNoise?: boolean;
  /** Default: the operating system's generator. */
  readonly random?: RandomBytes;
}

/**
 * What one router holds: its identity, its privacy ledger and what it has answered. For one
 * `SecureRewardAggregatorNode`.
 */
export interface RouterKeys {
  readonly id: PartyId;
  readonly party: LocalRouter;
  readonly clock: () => number;
}

export interface SecureAggregationKeys {
  readonly clusterHash: ClusterHash;
  readonly routers: readonly RouterKeys[];
  /** Coordinator and committee, for one `SecureRewardAggregatorCoordinator`. */
  readonly fleet: LocalFleet;
  readonly plan: Omit<RoundPlan, 'round' | 'cluster'>;
  readonly clock: () => number;
}

const DAY_MS = 86_400_000;
const systemRandom: RandomBytes = (length) => randomFillSync(new Uint8Array(length));
const committeeOf = (n: number) =>
  n >= 4 ? { size: 4, threshold: 2 } : n === 3 ? { size: 3, threshold: 2 } : { size: 1, threshold: 1 };

/**
 * Makes a fleet of `n` routers with the real cryptography of the system, in one process: the coordinator's and the
 * committee's secrets are in the same memory, so whoever holds the returned object is trusted with everything. Across
 * machines, the apps separate them.
 *
 * Privacy unit is the router: everything it sends in a round is clipped and covered by the noise.
 * @param n routers, from 1
 * @throws SecaggError `policy` or `invalid` for terms that do not fit together
 */
export function createSecureAggregationKeys(n: number, options: SecureAggregationOptions): SecureAggregationKeys {
  const { clock, random = systemRandom, minParticipants = Math.min(2, n), maxRequestsPerRouter = 1000 } = options;
  if (!Number.isInteger(n) || n < 1)
    throw new SecaggError('invalid', 'the number of routers must be an integer from 1', { path: 'n' });
  if (!Number.isInteger(minParticipants) || minParticipants < 1 || minParticipants > n)
    throw new SecaggError('invalid', `the minimum of participants must be from 1 to ${n}`, { path: 'minParticipants' });
  const { epsilon = 1, deltaInverse = 1_000_000, rounds = 100 } = options.privacy ?? {};
  const noNoise = options.unsafeNoNoise === true;
  const committee = options.committee ?? committeeOf(n);
  // Members are routers of the cluster: the noise of those that may be corrupt is not counted on.
  const assumedColluders = noNoise ? 0 : committee.threshold - 1;
  const honest = minParticipants - assumedColluders;
  if (honest < 1)
    throw new SecaggError(
      'invalid',
      `of ${minParticipants} participants, ${assumedColluders} corrupt committee members add no noise that counts: the minimum must be at least ${assumedColluders + 1}`,
      { path: 'minParticipants' },
    );
  const rho = epsilonToRho(epsilon, 1 / deltaInverse);
  const roundUnits = rhoToBudgetUnits(rho);
  const fields = defaultFields({
    cost: true,
    quality: true,
    ...options.fields,
    ...(noNoise ? {} : { unitsPerRequest: unitsFor(rho, honest, maxRequestsPerRouter) }),
  });
  const fleet = new LocalFleet({
    routers: n,
    committee,
    random,
    nowMs: clock(),
    clusterHash: options.clusterHash ?? createClusterHash('local', Buffer.from(random(16)).toString('hex')),
    cluster: {
      min_participants_per_group: minParticipants,
      min_assumed_colluders: assumedColluders,
      privacy_units: ['router'],
      max_groups: 1,
      unsafe_no_noise: noNoise,
    },
    // A round stays open for as long as its contributions take, and routers join at any time in it.
    policy: { clock_tolerance_ms: DAY_MS },
    limits: {
      privacyUnit: 'router',
      minHonestPerGroup: honest,
      unsafeNoNoise: noNoise,
      maxRoundRhoUnits: roundUnits,
      budget: { units: Math.min(rounds * roundUnits, Number.MAX_SAFE_INTEGER), window: 'lifetime' },
    },
  });
  const plan: SecureAggregationKeys['plan'] = {
    keys: [...new Set(options.catalogue)].sort(),
    fields,
    maxRequestsPerRouter,
    minParticipantsPerGroup: minParticipants,
    maxParticipants: n,
    groups: 1,
    privacy: {
      unit: 'router',
      routerClipNorm: requestNorm({ fields }) * maxRequestsPerRouter,
      rho: noNoise ? 'unsafe-none' : rho,
      deltaInverse,
    },
    sendDelayMs: 0,
    durationMs: DAY_MS,
  };
  return {
    clusterHash: fleet.cluster,
    routers: fleet.routers.map((party) => ({ id: party.identity.id, party, clock })),
    fleet,
    plan,
    clock,
  };
}

/**
 * Units per request so that each router's noise, of standard deviation norm * requests / sqrt(2 rho h), stays below
 * half of the sampler's largest 2^25: the norm of a request is at most sqrt(7) < 3 times the units.
 */
function unitsFor(rho: number, honest: number, requests: number): number {
  return Math.min(65536, Math.max(16, Math.floor((2 ** 24 * Math.sqrt(2 * rho * honest)) / (3 * requests))));
}
