/** What of the router's data enters a round, and its vector (PROTOCOL sections 4.2, 6 and 7). */
import { clipToL2Ball, RequesterLimit } from '@secagg/dp-noise';
import { type VerifiedRound } from '@secagg/protocol';
import { encodeObservation, encodeSignal } from '@secagg/schema';
import { type RouterStore } from '../store/router-store';

export interface ChosenData {
  /** d integers in units of the layout; zeros when there is no data. */
  readonly vector: Float64Array;
  readonly observations: number;
  /** Marks what is in the vector as taken; part of the transaction that makes the contribution durable. */
  take(roundKey: string): void;
}

export interface RequesterRules {
  /** Most requests of one requester in the round. */
  readonly requestsPerRequester: number;
  /** At least 16 random bytes, fresh for the round. */
  readonly hashKey: Uint8Array;
}

type DataStore = Pick<RouterStore, 'observations' | 'localSignal'>;

/**
 * With privacy unit `router` a local signal that waits goes first, by itself; else the observations, oldest first, that the
 * catalogue has, at most `max_requests_per_router` and at most so many of one requester as the rules say; what is over
 * either limit waits for the next round. Which ones are taken depends on their order, keys and requesters, never on their
 * values: a request whose values are zero keeps its slot. With unit `request` every observation is clipped before it is added; the whole vector of unit `router` is clipped where it
 * is encrypted.
 */
export function chooseData(
  store: DataStore,
  { config }: Pick<VerifiedRound, 'config'>,
  rules: RequesterRules,
): ChosenData {
  const { layout, privacy } = config;
  const signal = privacy.unit === 'router' ? store.localSignal.waiting() : undefined;
  if (signal) {
    const { vector } = encodeSignal(layout, signal);
    return { vector, observations: 0, take: (key) => store.localSignal.take(key) };
  }
  const { vector, ids } = sumObservations(store, config, rules);
  return { vector, observations: ids.length, take: (key) => store.observations.take(ids, key) };
}

function sumObservations(
  store: DataStore,
  { layout, privacy }: VerifiedRound['config'],
  { requestsPerRequester, hashKey }: RequesterRules,
): { vector: Float64Array; ids: number[] } {
  const width = layout.fields.length;
  const vector = new Float64Array(layout.keys.length * width);
  const one = new Float64Array(width);
  const ids: number[] = [];
  const limit = new RequesterLimit({ requestsPerRequester, maxRequests: layout.max_requests_per_router }, hashKey);
  for (const { id, observation, requester } of store.observations.waiting()) {
    const index = encodeObservation(layout, observation, one);
    if (index < 0) continue;
    const refusal = limit.take(requester);
    if (refusal === 'round_limit') break;
    if (refusal === 'requester_limit') continue;
    if (privacy.unit === 'request') clipToL2Ball(one, privacy.clip_norm);
    for (let f = 0; f < width; f++) vector[index * width + f] += one[f];
    ids.push(id);
  }
  return { vector, ids };
}

/** Waiting observations by key that the catalogue (if one is known yet) lacks: for the router's own operator only. */
export function missingKeys(store: DataStore, catalogue: readonly string[] | undefined): Record<string, number> {
  if (!catalogue) return {};
  const known = new Set(catalogue);
  return Object.fromEntries(
    [...store.observations.waitingByKey()].filter(([key]) => !known.has(key)).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
