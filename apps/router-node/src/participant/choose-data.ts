/**
 * What of the router's data enters a round, and its vector (docs/protocol.md, "Layout: from observations to integers",
 * "Announcement" and "Contribution").
 */
import { clipToL2Ball, RequesterLimit } from '@secagg/dp-noise';
import { type AnnouncedRound } from '@secagg/protocol';
import { encodeObservation, encodeSignal } from '@secagg/schema';
import { type ObservationTables } from '../store/observation-tables';
import { type ReadyObservation } from '../store/observations';

export interface ChosenData {
  /** d integers in units of the layout; zeros when there is no data. */
  readonly vector: Float64Array;
  readonly observations: number;
  /** The most that any of them has been charged before. */
  readonly carriedUnits: number;
  /** Marks what is in the vector as taken; part of the transaction that makes the contribution durable. */
  take(roundKey: string): void;
}

export interface TakingRules {
  /** Most requests of one requester in the round. */
  readonly requestsPerRequester: number;
  /** Most requests in the round. */
  readonly maxRequests: number;
  /** The most that a request in the round may have been charged before, in units of 2^-40 rho. */
  readonly mostCarriedUnits: number;
  /** At least 16 random bytes, fresh for the round. */
  readonly hashKey: Uint8Array;
  readonly nowMs: number;
}

type Tables = Pick<ObservationTables, 'observations' | 'localSignal' | 'claims' | 'own'>;

/**
 * Rows that are read at most, beside those that are taken: a requester that has its limit under each of many keys
 * leaves as many to be passed over. A round that stops there takes fewer; the next one goes on behind what this one has
 * taken.
 */
const mostRead = (maxRequests: number): number => 4 * maxRequests + 10_000;

/**
 * With privacy unit `router` a local signal that waits goes first, by itself; else the observations, oldest first, that
 * the catalogue has, at most as many and at most so many of one requester as the rules say; what is over
 * either limit waits for the next round. Which ones are taken depends on their order, keys and requesters, never on
 * their values, and on what rounds that ended without an outcome have charged for them: a request whose values are zero
 * keeps its slot. With unit `request` every observation is clipped before it is added; the whole vector of unit
 * `router` is clipped where it is encrypted.
 *
 * What it costs depends on what is taken and on the layout, not on what waits.
 */
export function chooseData(tables: Tables, { config }: Pick<AnnouncedRound, 'config'>, rules: TakingRules): ChosenData {
  const { layout, privacy } = config;
  const signal = privacy.unit === 'router' ? tables.localSignal.waiting() : undefined;
  if (signal) {
    const { vector } = encodeSignal(layout, signal);
    return {
      vector,
      observations: 0,
      carriedUnits: 0,
      take: (roundKey) => {
        tables.claims.put({ roundKey, observations: 0 });
        tables.localSignal.take(roundKey);
      },
    };
  }
  const chosen = chooseObservations(tables, config, rules);
  const vector = sumOf(tables, config, chosen);
  // Before noise; the vector of unit `router` is clipped where it is encrypted, and so it is here.
  const own = vector.slice();
  if (privacy.unit === 'router') clipToL2Ball(own, privacy.clip_norm);
  return {
    vector,
    observations: chosen.length,
    carriedUnits: chosen.reduce((most, { chargedUnits }) => Math.max(most, chargedUnits), 0),
    take: (roundKey) => {
      tables.claims.put({ roundKey, observations: chosen.length });
      tables.observations.take(chosen, roundKey);
      tables.own.putPart(roundKey, own, rules.nowMs);
    },
  };
}

function chooseObservations(
  { observations }: Tables,
  { layout }: AnnouncedRound['config'],
  { requestsPerRequester, maxRequests, mostCarriedUnits, hashKey }: TakingRules,
): ReadyObservation[] {
  const limit = new RequesterLimit({ requestsPerRequester, maxRequests }, hashKey);
  const chosen: ReadyObservation[] = [];
  let left = mostRead(maxRequests);
  for (const row of observations.ready(layout.keys, mostCarriedUnits)) {
    if (limit.take(row.requester ?? undefined) === undefined) chosen.push(row);
    left -= 1;
    if (chosen.length === maxRequests || left === 0) break;
  }
  return chosen;
}

function sumOf(
  { observations }: Tables,
  { layout, privacy }: AnnouncedRound['config'],
  chosen: readonly ReadyObservation[],
): Float64Array {
  const width = layout.fields.length;
  const vector = new Float64Array(layout.keys.length * width);
  const one = new Float64Array(width);
  for (const observation of observations.read(chosen.map(({ id }) => id))) {
    const index = encodeObservation(layout, observation, one);
    if (privacy.unit === 'request') clipToL2Ball(one, privacy.clip_norm);
    for (let f = 0; f < width; f++) vector[index * width + f] += one[f];
  }
  return vector;
}
