/** What the rounds of a crash test are like. */

/**
 * `exact`: no noise, so that every number must equal the truth to its resolution; routers as a whole are protected, so
 * that they also take ready-made signals. `noisy`: noise as in earnest, so that the ledgers have something to be right
 * about; counts are exact all the same, since batches are many standard errors apart. `undecided`: as `exact`, and
 * rounds are given up after some seconds.
 */
export type FleetKind = 'exact' | 'noisy' | 'undecided';

export interface FleetTerms {
  readonly noise: boolean;
  readonly privacyUnit: 'router' | 'request';
  readonly minParticipants: number;
  /** In a round with noise: the one committee member that may be corrupt is a router, too. */
  readonly assumedColluders: number;
  /** With one router less the last router-node refuses to take part, and only looks on. */
  readonly leastParticipants: number;
  /** Cost of a round as zCDP rho. */
  readonly rho: number;
  readonly maxRoundRho: number;
  readonly budgetRho: number;
  /** Observations of a batch, fewest and most. */
  readonly batch: readonly [number, number];
  readonly undecidedTimeoutMs: number;
}

export const DURATION_MS = 3000;
export const SEND_DELAY_MS = 100;
export const MAX_REQUESTS_PER_ROUTER = 2048;
export const LATENCY_BOUND_S = 4;
export const UNITS_PER_REQUEST = 65_536;

export const fleetTerms = (kind: FleetKind): FleetTerms => ({
  noise: kind === 'noisy',
  privacyUnit: kind === 'noisy' ? 'request' : 'router',
  minParticipants: 3,
  leastParticipants: 2,
  assumedColluders: kind === 'noisy' ? 1 : 0,
  // One count is then right to about a request and a half, and a batch is twenty times that.
  rho: 3,
  // Rounds with fewer than the usual minimum have more noise for the same cost, not a higher one.
  maxRoundRho: 3.15,
  budgetRho: 4000,
  batch: kind === 'noisy' ? [40, 60] : [1, 60],
  undecidedTimeoutMs: kind === 'undecided' ? 6000 : 120_000,
});

/** Slots of a router: each batch it is given goes under a key of its own. */
export const SLOTS = 4;
export const keyOf = (router: string, slot: number): { model: string; task: string } => ({
  model: router,
  task: `s${slot}`,
});
