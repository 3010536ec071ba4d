/** What is wrong with priors, or may surprise: none of it takes them away. */
import { type PriorProblem, type RoundSource } from '@secagg/priors';
import { type OwnCounts } from './prior-maker';

/**
 * @param own undefined for what is meant for others, which says nothing of this router
 * @param rounds newest first
 * @param limitMs what is older is past the age limit
 */
export function problemsOf(
  own: OwnCounts | undefined,
  rounds: readonly RoundSource[],
  limitMs: number,
): PriorProblem[] {
  const latest = rounds.at(0);
  const usable = rounds.find((round) => round.of_use);
  const problems: PriorProblem[] = [];
  const add = (code: PriorProblem['code'], detail: string): number => problems.push({ code, detail });
  if (!latest)
    add('no_round', own ? 'no round has been verified yet: only own requests count' : 'no round has been verified yet');
  else if (!usable)
    add('no_usable_round', 'every round so far was withheld key by key: what they say together is little');
  else if (!latest.of_use)
    add(
      'latest_round_empty',
      `everything in round ${latest.round} is withheld: round ${usable.round} is the newest of use`,
    );
  if (usable && Date.parse(usable.time) < limitMs)
    add('rounds_too_old', `round ${usable.round}, the newest of use, is past the age limit: its weight is low`);
  if (!own) return problems;
  if (own.requests === 0) add('no_own_requests', 'this router has reported no requests of late');
  if (own.unlisted > 0 && latest)
    add(
      'own_names_unlisted',
      own.unlisted === own.requests
        ? 'the catalogue has none of the names that this router reports: see GET /v1/names'
        : 'the catalogue lacks some of the names that this router reports: see GET /v1/names',
    );
  return problems;
}
