/** Where a round stands: from memory while it is there, from its record after. */
import { type CoordinatorState, highestRoundNumber, roundKey, type RoundState } from '@secagg/protocol';
import { type ClusterHash, decisionMessage, type RoundNumber, type RoundStatus, SecaggError } from '@secagg/schema';
import { type Journal } from '../journal';
import { type Intake } from './intake';
import { type RoundStore } from '../store/store';

export async function statusOfRound(intake: Intake, round: RoundState): Promise<RoundStatus> {
  const { cluster, round: number } = round.verified.config;
  const counted = await intake.count(roundKey(cluster, number), round);
  return {
    cluster,
    round: number,
    phase: round.phase,
    // It may have closed while they were counted.
    contributions: round.phase === 'collecting' ? counted : round.accepted.size,
    ...(round.phase === 'aborted' && round.decision ? { decision: round.decision.decision } : {}),
  };
}

/** Throws `no_round` for a round that was never announced here. */
export async function recordedStatus(
  store: Pick<RoundStore, 'finishedRound'>,
  cluster: ClusterHash,
  round: RoundNumber,
): Promise<RoundStatus> {
  const record = await store.finishedRound(roundKey(cluster, round));
  if (!record) throw new SecaggError('no_round', `cluster ${cluster} has had no round ${round}`, { round });
  const { phase, contributions, decision } = record;
  return { cluster, round, phase, contributions, ...(decision ? { decision: decisionMessage.decode(decision) } : {}) };
}

/**
 * The round of a request that acts on it. Throws `stale_round` for one that is long over, `no_round` for one that never
 * was.
 */
export function liveRound(state: CoordinatorState, cluster: ClusterHash, round: RoundNumber): RoundState {
  const found = state.rounds.get(roundKey(cluster, round));
  if (found) return found;
  if (round <= highestRoundNumber(state, cluster))
    throw new SecaggError('stale_round', `round ${round} is over`, { round });
  throw new SecaggError('no_round', `there is no round ${round}`, { round });
}

/** As {@link liveRound}, of a state that may lack what others have decided: asks the journal before it says no. */
export async function knownRound(journal: Journal, cluster: ClusterHash, round: RoundNumber): Promise<RoundState> {
  const found = journal.state.rounds.get(roundKey(cluster, round));
  if (found) return found;
  await journal.fresh();
  return liveRound(journal.state, cluster, round);
}
