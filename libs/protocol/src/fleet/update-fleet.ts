/** Newer fleet documents replace older ones, never the other way round (docs/protocol.md, "Fleet documents"). */
import { type RoundConfig, SecaggError, type Signed } from '@secagg/schema';
import { ensure, refuse } from '../checks/check';
import { sameBytes } from '../wire/bytes';
import { type FleetDocuments, type FleetView, verifyFleet } from './fleet-view';

export interface FleetUpdated {
  readonly type: 'fleet-updated';
  readonly documents: FleetDocuments;
}

/**
 * Verifies documents against the authority key already trusted and returns the event to persist, or none when they are
 * the ones in force. Throws `policy` for documents older than those known, or others with the same version.
 */
export function updateFleet(view: FleetView, documents: FleetDocuments): readonly FleetUpdated[] {
  // The documents in force come back all the time: nothing is verified again for them.
  if (sameDocument(documents.policy, view.documents.policy) && sameDocument(documents.roster, view.documents.roster))
    return [];
  const next = verifyFleet(view.authorityKey, documents);
  if (next.fleet !== view.fleet) throw new SecaggError('policy', 'the documents are of another fleet');
  const compare = (name: 'policy' | 'roster') => {
    ensure(
      'fleet.newest',
      next[name].version >= view[name].version,
      'policy',
      `the ${name} is older than the newest known`,
    );
    const same = sameBytes(documents[name].body, view.documents[name].body);
    ensure(
      'fleet.newest',
      next[name].version !== view[name].version || same,
      'policy',
      `two different ${name} documents have version ${view[name].version}`,
    );
    return same;
  };
  const policySame = compare('policy');
  const rosterSame = compare('roster');
  return policySame && rosterSame ? [] : [{ type: 'fleet-updated', documents }];
}

export const sameDocument = (a: Signed, b: Signed): boolean =>
  sameBytes(a.body, b.body) && sameBytes(a.signature, b.signature);

const KEPT_VIEWS = 4;

/** The view after a persisted update. The views before it are kept for rounds announced under them. */
export function evolveFleet(view: FleetView, event: FleetUpdated): FleetView {
  const keep = (known: FleetView | undefined, left: number): FleetView | undefined =>
    known && left > 0 ? { ...known, previous: keep(known.previous, left - 1) } : undefined;
  return { ...verifyFleet(view.authorityKey, event.documents), previous: keep(view, KEPT_VIEWS) };
}

/**
 * The policy and roster a round was announced under, as far as they are known here. Newer ones forbid it, unless they
 * were issued after the round time: so a round in flight is not lost when the authority publishes.
 * Throws `policy`.
 */
export function viewOfRound(
  view: FleetView,
  config: Pick<RoundConfig, 'policy_version' | 'roster_version' | 'round_time_ms' | 'round'>,
): FleetView {
  const named = namedView(view, config);
  const isNewer = config.policy_version > view.policy.version || config.roster_version > view.roster.version;
  const problem = isNewer
    ? 'made under a policy or roster not known here'
    : 'made under a policy or roster older than the newest known';
  const at = { round: config.round };
  if (!named) refuse('fleet.newest', 'policy', `round ${config.round}: ${problem}`, at);
  const wasNewest = isBeforeChanges(view, named, config.round_time_ms);
  ensure('fleet.newest', wasNewest, 'policy', `round ${config.round}: ${problem}`, at);
  return named;
}

/** Whether all documents newer than the named ones were issued after this time. */
function isBeforeChanges(view: FleetView, named: FleetView, atMs: number): boolean {
  for (let known = view; known !== named; ) {
    const { previous } = known;
    if (previous === undefined || atMs >= issuedAtMs(previous, known)) return false;
    known = previous;
  }
  return true;
}

/** The policy and roster that a round names, if they are among those kept here, whatever has been issued since. */
export function namedView(
  view: FleetView,
  config: Pick<RoundConfig, 'policy_version' | 'roster_version'>,
): FleetView | undefined {
  for (let known: FleetView | undefined = view; known; known = known.previous) {
    if (known.policy.version === config.policy_version && known.roster.version === config.roster_version) return known;
  }
  return undefined;
}

/** When the change from one view to the next was issued. */
function issuedAtMs(before: FleetView, after: FleetView): number {
  const changed = [
    ...(after.policy.version > before.policy.version ? [after.policy.issued_at_ms] : []),
    ...(after.roster.version > before.roster.version ? [after.roster.issued_at_ms] : []),
  ];
  return Math.min(...changed);
}
