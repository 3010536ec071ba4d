/**
 * A router in quarantine (docs/protocol.md, "The signal"). It sits its rounds out before anything of them is charged or taken, so that only the
 * refusal from which it learns of the quarantine costs what any refusal costs: a charge until the round's outcome is known.
 *
 * The refusal is not signed and its sender is not trusted, so the policy bounds what it can say: a router without quarantine in its cluster's policy
 * takes no notice, and nobody stays away for longer than the policy has it after the round that was refused.
 */
import { type ClusterHash, type RoundConfig, roundConfigMessage } from '@secagg/schema';
import { ensure } from '../checks/check';
import { type RouterState, type RouterStep } from './state';

/** The last round to be sat out, by what the coordinator said and the newest policy known; undefined without a quarantine. */
export function quarantinedUntil(state: RouterState, cluster: ClusterHash | string): number | undefined {
  const told = state.quarantines.get(cluster);
  const rounds = state.view.policy.clusters.find((entry) => entry.cluster === cluster)?.quarantine_rounds;
  if (!told || rounds === undefined) return undefined;
  // The round that was refused is the first one after the router was named, or a later one.
  return Math.min(told.untilRound, told.round + rounds - 1);
}

/** Throws `quarantined`, with the last round to be sat out. */
export function checkNoQuarantine(
  state: RouterState,
  { cluster, round }: Pick<RoundConfig, 'cluster' | 'round'>,
): void {
  const untilRound = quarantinedUntil(state, cluster);
  const sitsOut = untilRound !== undefined && round <= untilRound;
  ensure(
    'standing.quarantine',
    !sitsOut,
    'quarantined',
    `round ${round}: the coordinator has this router in quarantine until round ${untilRound}`,
    { round, untilRound },
  );
}

/**
 * Notes a coordinator's refusal `quarantined` of the contribution to a round. It settles nothing: a coordinator that refuses a
 * contribution may have kept it, so the charge waits for the outcome of the round as after any refusal.
 * @param untilRound as it was told, of any type
 */
export function receiveQuarantine(state: RouterState, key: string, untilRound: unknown): RouterStep<undefined> {
  const participation = state.participations.get(key);
  if (!participation || typeof untilRound !== 'number' || !Number.isSafeInteger(untilRound))
    return { events: [], reply: undefined };
  const { cluster, round } = roundConfigMessage.decode(participation.announcement.body);
  if (untilRound < round) return { events: [], reply: undefined };
  return { events: [{ type: 'quarantine-told', cluster, round, untilRound }], reply: undefined };
}
