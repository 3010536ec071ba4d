/** Asks candidates for seats in a new epoch (docs/protocol.md, "Epochs"). */
import { type PartyId } from '@secagg/schema';
import { checkFresh } from '../fleet/freshness';
import { type Step } from '../role';
import { nextEpochNumber } from './numbering';
import { isExcluded } from './standing';
import { type CoordinatorEvent, type CoordinatorState, type EpochTerms } from './state';

/**
 * Starts a new epoch under the current policy: its candidates are asked for seats. Those that took a seat since the
 * last complete epoch and then did not sign are passed over where enough others remain, or one candidate could keep
 * every epoch from coming about. Throws `stale_documents`.
 */
export function startEpoch(
  state: CoordinatorState,
  lifetimeMs: number,
  nowMs: number,
): Step<CoordinatorEvent, EpochTerms> {
  checkFresh(state, nowMs);
  const { policy, roster } = state.view;
  const terms: EpochTerms = {
    epoch: nextEpochNumber(state),
    policy_version: policy.version,
    roster_version: roster.version,
    threshold: policy.committee.threshold,
    sealing_suite: policy.sealing_suites[0],
    not_after_ms: nowMs + Math.min(lifetimeMs, policy.committee.max_epoch_ms),
    candidates: promisingCandidates(state),
  };
  return { events: [{ type: 'epoch-started', terms }], reply: terms };
}

/**
 * As many as are needed, of those that were silent least often: who was slow once must not count like who never signs.
 */
function promisingCandidates(state: CoordinatorState): readonly PartyId[] {
  const { size, candidates } = state.view.policy.committee;
  const standing = candidates.filter((candidate) => !isExcluded(state, candidate));
  const silences = silentSeats(state);
  for (const most of [...new Set(standing.map((candidate) => silences.get(candidate) ?? 0))].sort((a, b) => a - b)) {
    const promising = standing.filter((candidate) => (silences.get(candidate) ?? 0) <= most);
    if (promising.length >= size) return promising;
  }
  return candidates;
}

/** How often each candidate took a seat since the last complete epoch and did not sign. */
function silentSeats(state: CoordinatorState): Map<PartyId, number> {
  const inForce = state.epoch?.body.epoch ?? 0;
  const counts = new Map<PartyId, number>();
  for (const [number, { members, signatures }] of state.epochs) {
    if (number <= inForce) continue;
    for (const member of members) if (!signatures.has(member)) counts.set(member, (counts.get(member) ?? 0) + 1);
  }
  return counts;
}
