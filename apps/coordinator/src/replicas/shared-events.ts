/** Events of the coordinator as entries of a shared journal, and back; and the tasks that follow from them. */
import { acceptedContribution, type CoordinatorEvent, type CoordinatorState, isOpenable } from '@secagg/protocol';
import { decodeCanonical, encodeCanonical, SecaggError } from '@secagg/schema';
import { entryKeyOf, roundKeyOf } from '../event-codec';
import { isFinal } from '../rounds/phases';
import { type JournalRow, type NewRow } from '../store/postgres/journal-log';
import { type TaskChange } from '../store/postgres/task-changes';

/**
 * The event as every replica applies it. A contribution is noted by its header: that is enough to decide everything up to the opening,
 * and adding up the ciphertexts is shared out among the replicas (`sum` tasks).
 */
export const shared = (event: CoordinatorEvent): CoordinatorEvent =>
  event.type === 'contribution-accepted'
    ? {
        type: 'contribution-noted',
        key: event.key,
        router: event.router,
        header: (event.checked ?? acceptedContribution(event.bytes)).checked.signed,
      }
    : event;

/**
 * The entry of an event that was decided here. A release belongs to no round, so that it outlives the entries it removed: the newest entry is
 * never removed, and ids go on from it.
 */
export function rowOf(event: CoordinatorEvent, id: number): NewRow {
  const noted = shared(event);
  const key = isRelease(noted) ? undefined : entryKeyOf(noted);
  return {
    id,
    type: noted.type,
    body: encodeCanonical(noted),
    ...(key === undefined ? {} : { roundKey: key }),
    ...(event.type === 'contribution-accepted' ? { contribution: { router: event.router, bytes: event.bytes } } : {}),
  };
}

/** Whether an event tells that entries were removed. */
const isRelease = ({ type }: CoordinatorEvent): boolean => type === 'round-released' || type === 'epochs-released';

/** Everything that this release can apply. What it does not know it must not pass over: its state would differ from the others'. */
const known: Readonly<Record<CoordinatorEvent['type'], true>> = {
  'fleet-updated': true,
  'freshness-taken': true,
  restored: true,
  'epoch-started': true,
  'seat-taken': true,
  'epoch-proposed': true,
  'epoch-signed': true,
  'epochs-released': true,
  'round-announced': true,
  'contribution-accepted': true,
  'contribution-noted': true,
  'round-closed': true,
  'report-received': true,
  'round-proposed': true,
  'abort-proposed': true,
  'vote-received': true,
  'transfer-received': true,
  'answer-received': true,
  'round-published': true,
  'round-undecided': true,
  'round-released': true,
  'misbehaviour-proven': true,
};

/** Throws `internal` for what this release has not written. */
export function eventOfRow({ type, body }: JournalRow): CoordinatorEvent {
  const event = decodeCanonical(body) as CoordinatorEvent;
  if (!Object.hasOwn(known, type))
    throw new SecaggError('internal', `the journal has an entry of type ${type}, which this release does not know`);
  if (event.type !== type)
    throw new SecaggError('internal', `the journal has an entry of type ${type} with another content`);
  return event;
}

/** What an event leaves to be done, given the state after it. */
export function taskChangesOf(event: CoordinatorEvent, state: CoordinatorState): TaskChange[] {
  if (event.type === 'round-released') return [{ change: 'add', kind: 'prune', roundKey: event.key }];
  const roundKey = roundKeyOf(event);
  const round = roundKey === undefined ? undefined : state.rounds.get(roundKey);
  if (roundKey === undefined || !round) return [];
  if (event.type === 'round-closed') return [{ change: 'add-sums', roundKey }];
  if (isFinal(round.phase)) {
    // An undecided round may still be decided by late votes, and needs its sums then.
    const over: TaskChange[] =
      round.phase === 'undecided' ? [] : [{ change: 'remove', kinds: ['sum', 'publish'], roundKey }];
    return [...over, { change: 'add', kind: 'finish', roundKey }];
  }
  return event.type === 'answer-received' && isOpenable(round) ? [{ change: 'add', kind: 'publish', roundKey }] : [];
}
