/** Parameters of paths and queries, checked. All throw `invalid` naming the parameter. */
import {
  type ClusterHash,
  clusterHash,
  type MemberIndex,
  maxCommittee,
  type PartyId,
  partyId,
  type RoundNumber,
} from '@secagg/schema';
import { type Call, invalid } from './operation';

/** Longest wait of a long poll: below the idle limits that proxies commonly have. */
export const MAX_WAIT_MS = 55_000;

export function integerOf(text: string | null, name: string, min: number, max: number): number {
  const value = text !== null && /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) throw invalid(name, `must be an integer from ${min} to ${max}`);
  return value;
}

export function clusterOf(call: Call): ClusterHash {
  const result = clusterHash.safeParse(call.params.cluster);
  if (!result.success) throw invalid('cluster', result.error.issues[0].message);
  return result.data;
}

export const roundOf = (call: Call): RoundNumber =>
  integerOf(call.params.round, 'round', 1, Number.MAX_SAFE_INTEGER) as RoundNumber;

export const memberOf = (call: Call): MemberIndex =>
  integerOf(call.query.get('member'), 'member', 0, maxCommittee - 1) as MemberIndex;

export function partyOf(call: Call, name: string): PartyId {
  const result = partyId.safeParse(call.query.get(name));
  if (!result.success) throw invalid(name, result.error.issues[0].message);
  return result.data;
}

/** Milliseconds to wait, at most {@link MAX_WAIT_MS}; longer wishes are cut, since the caller asks again anyway. */
export function waitOf(call: Call, byDefault: number): number {
  const text = call.query.get('wait_ms');
  return text === null ? byDefault : Math.min(MAX_WAIT_MS, integerOf(text, 'wait_ms', 0, 86_400_000));
}
