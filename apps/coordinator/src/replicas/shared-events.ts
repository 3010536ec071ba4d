/** Events of the coordinator as entries of a shared journal, and back; and the tasks that follow from them. */
import { type CoordinatorEvent, type CoordinatorState, isOpenable } from '@secagg/protocol';
import { decodeCanonical, encodeCanonical, SecaggError, type Signed } from '@secagg/schema';
import { entryKeyOf, roundKeyOf } from '../event-codec';
import { isFinal } from '../rounds/phases';
import { type JournalRow, type NewRow } from '../store/postgres/journal-log';
import { CONTRIBUTIONS_APART } from '../store/postgres/journal-lock';
import { type TaskChange } from '../store/postgres/task-changes';

/**
 * The entry of an event that was decided here. A release belongs to no round, so that it outlives the entries it
 * removed: the newest entry is never removed, and ids go on from it.
 */
export function rowOf(event: CoordinatorEvent, id: number): NewRow {
  if (event.type === 'contribution-accepted')
    throw new SecaggError('internal', 'contributions are beside a journal that is shared');
  const key = isRelease(event) ? undefined : entryKeyOf(event);
  return { id, type: event.type, body: encodeCanonical(event), ...(key === undefined ? {} : { roundKey: key }) };
}

/** Whether an event tells that entries were removed. */
const isRelease = ({ type }: CoordinatorEvent): boolean => type === 'round-released' || type === 'epochs-released';

/**
 * Everything that this release can apply. What it does not know it must not pass over: its state would differ from the
 * others'.
 */
const known: Readonly<Record<Exclude<CoordinatorEvent['type'], 'contribution-accepted'>, true>> = {
  'fleet-updated': true,
  'freshness-taken': true,
  restored: true,
  'epoch-started': true,
  'seat-taken': true,
  'epoch-proposed': true,
  'epoch-signed': true,
  'epochs-released': true,
  'round-announced': true,
  'contributions-listed': true,
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

/** Undefined for an entry that changes nothing. Throws `internal` for what this release has not written. */
export function eventOfRow({ type, body }: JournalRow): CoordinatorEvent | undefined {
  const event = decodeCanonical(body) as CoordinatorEvent | Noted | { readonly type: typeof CONTRIBUTIONS_APART };
  if (event.type !== type)
    throw new SecaggError('internal', `the journal has an entry of type ${type} with another content`);
  if (event.type === CONTRIBUTIONS_APART) return undefined;
  if (event.type === 'contribution-noted')
    return { type: 'contributions-listed', key: event.key, headers: [event.header] };
  if (!Object.hasOwn(known, type))
    throw new SecaggError('internal', `the journal has an entry of type ${type}, which this release does not know`);
  return event;
}

/** A contribution as releases had it in the journal before schema version 8. */
interface Noted {
  readonly type: 'contribution-noted';
  readonly key: string;
  readonly header: Signed;
}

/** Rounds that take contributions now, and will not after one of these events. */
export function roundsClosedBy(events: readonly CoordinatorEvent[], { rounds }: CoordinatorState): string[] {
  const keys = events.flatMap((event) =>
    event.type === 'round-closed' || event.type === 'abort-proposed' ? [event.key] : [],
  );
  return [...new Set(keys)].filter((key) => rounds.get(key)?.phase === 'collecting');
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
