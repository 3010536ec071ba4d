import { type CoordinatorState, type RoundState } from '@secagg/protocol';
import { type OpenRound } from '@secagg/schema';

/** The rounds of a cluster that take contributions, in increasing order of number. */
export const collectingRounds = (state: CoordinatorState, cluster: string): RoundState[] =>
  [...state.rounds.values()]
    .filter(({ phase, verified: round }) => phase === 'collecting' && round.config.cluster === cluster)
    .sort((a, b) => a.verified.config.round - b.verified.config.round);

/** The lowest collecting round above `after`: a router that answers them in order can take part in all. */
export function openRoundAfter(state: CoordinatorState, cluster: string, after: number): OpenRound | undefined {
  const found = collectingRounds(state, cluster).find(({ verified: round }) => round.config.round > after);
  return found && openRoundOf(found);
}

export const openRoundOf = ({ verified: round }: RoundState): OpenRound => ({
  announcement: round.announcement,
  epoch_certificate: round.epoch.certificate,
});
