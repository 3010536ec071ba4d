/**
 * Which routers spoil their groups: groups change every round, so an honest router is in a flagged group only as often
 * as it meets a liar (or by false alarm), a liar nearly always.
 */
import { binomialUpperTail } from './binomial';

/** One opened round: which routers were in which group, and whether it was flagged. Each round is told once. */
export interface SuspicionEvent {
  readonly type: 'groups-scored';
  readonly round: number;
  readonly groups: readonly { readonly flagged: boolean; readonly routers: readonly string[] }[];
}

export interface RouterRecord {
  /** Rounds in an opened group. */
  readonly rounds: number;
  /** Those of them in which the group was flagged. */
  readonly flagged: number;
  /**
   * What `flagged` would be on average for anybody: the sum over these rounds of the share of routers in flagged
   * groups.
   */
  readonly expected: number;
}

/** Of one cluster; JSON. Start anew when routers were quarantined or repaired: it does not forget. */
export interface SuspicionState {
  readonly rounds: number;
  readonly routers: Readonly<Record<string, RouterRecord>>;
}

export const noSuspicion = (): SuspicionState => ({ rounds: 0, routers: {} });

/** A router may be called `constructor`. */
export const recordOf = <T>(routers: Readonly<Record<string, T>>, router: string): T | undefined =>
  Object.hasOwn(routers, router) ? routers[router] : undefined;

export function evolveSuspicion(state: SuspicionState, event: SuspicionEvent): SuspicionState {
  const count = (groups: SuspicionEvent['groups']): number =>
    groups.reduce((sum, { routers }) => sum + routers.length, 0);
  const total = count(event.groups);
  if (total === 0) return state;
  const share = count(event.groups.filter(({ flagged }) => flagged)) / total;
  const routers = { ...state.routers };
  for (const group of event.groups) {
    for (const router of group.routers) {
      const { rounds, flagged, expected } = recordOf(routers, router) ?? { rounds: 0, flagged: 0, expected: 0 };
      routers[router] = { rounds: rounds + 1, flagged: flagged + Number(group.flagged), expected: expected + share };
    }
  }
  return { rounds: state.rounds + 1, routers };
}

export interface SuspectOptions {
  /**
   * Probability that ever, in all looks at all routers together, an honest one is named. In (0, 1); default {@link
   * ERROR_PROBABILITY}.
   */
  readonly errorProbability?: number;
  /** Rounds a router must have been in before it is judged; from 1, default {@link MIN_ROUNDS}. */
  readonly minRounds?: number;
}

export const ERROR_PROBABILITY = 0.01;
export const MIN_ROUNDS = 10;

export interface Suspect {
  readonly router: string;
  readonly rounds: number;
  /** Share of its rounds in flagged groups. */
  readonly flaggedShare: number;
  /** The same for the fleet, in the same rounds. */
  readonly baseRate: number;
  /** Probability of as many flagged rounds, or more, for an honest router. */
  readonly pValue: number;
}

/**
 * Probability, at most, of a record with as many flagged rounds or more, for an honest router; 1 where the bound says
 * nothing, up to a round beyond the mean.
 */
export const chanceOf = ({ rounds, flagged, expected }: RouterRecord): number =>
  flagged <= expected + 1 ? 1 : binomialUpperTail(flagged, rounds, expected / rounds);

/**
 * The routers that are in flagged groups more often than chance explains, most suspicious first.
 *
 * In a round in which a share s of all routers is in flagged groups, an honest router is in one with probability s at
 * most: liars are there more often, so honest ones less. Over its n rounds the number of flagged ones is then a sum of
 * independent trials with mean `expected` at most, whose upper tail, beyond the mean, is at most the binomial one
 * (Hoeffding 1956, Ann. Math. Statist. 27, 713). Looking again after every round is allowed for: after n rounds the
 * level is errorProbability · minRounds / (n(n+1)) over the number of routers, and the sum over n >= minRounds and
 * routers is errorProbability.
 *
 * Named is who is unlike the others, not who is proven to lie: a router whose honest traffic is unlike that of the
 * fleet is named too.
 */
export function suspects(
  state: SuspicionState,
  { errorProbability = ERROR_PROBABILITY, minRounds = MIN_ROUNDS }: SuspectOptions = {},
): Suspect[] {
  const routers = Object.entries(state.routers);
  return routers
    .flatMap(([router, record]) => {
      const { rounds, flagged, expected } = record;
      if (rounds < minRounds) return [];
      const pValue = chanceOf(record);
      const level = (errorProbability * minRounds) / (rounds * (rounds + 1) * routers.length);
      return pValue < level
        ? [{ router, rounds, flaggedShare: flagged / rounds, baseRate: expected / rounds, pValue }]
        : [];
    })
    .sort((a, b) => a.pValue - b.pValue || (a.router < b.router ? -1 : 1));
}
