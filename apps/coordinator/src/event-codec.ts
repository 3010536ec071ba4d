/** Events of the coordinator as journal entries, and back. */
import { type CoordinatorEvent, roundKey } from '@secagg/protocol';
import {
  type Bytes,
  decodeCanonical,
  encodeCanonical,
  roundConfigMessage,
  SecaggError,
  seatMessage,
} from '@secagg/schema';
import { type JournalEntry } from './store/store';

/** Key of the round an event belongs to; undefined for fleet and epoch events, which outlive all rounds. */
export function roundKeyOf(event: CoordinatorEvent): string | undefined {
  if (event.type !== 'round-announced') return 'key' in event ? event.key : undefined;
  const { cluster, round } = roundConfigMessage.decode(event.announcement.body);
  return roundKey(cluster, round);
}

/**
 * What an event's entry is removed with: the key of its round, or that of its epoch. Undefined for what is never
 * removed.
 */
export function entryKeyOf(event: CoordinatorEvent): string | undefined {
  if (event.type === 'epoch-started') return epochKey(event.terms.epoch);
  if (event.type === 'seat-taken') return epochKey(seatMessage.decode(event.seat.body).epoch);
  if (event.type === 'epoch-proposed' || event.type === 'epoch-signed') return epochKey(event.epoch);
  return roundKeyOf(event);
}

/** Keys of rounds start with the hexadecimal name of a cluster. */
export const epochKey = (epoch: number): string => `epoch/${epoch}`;

export function entryOf(event: CoordinatorEvent): JournalEntry {
  const key = entryKeyOf(event);
  if (event.type === 'contribution-accepted') {
    // Stored as the bytes that came in: encoding them once more would only cost.
    return {
      type: event.type,
      roundKey: event.key,
      body: nothing,
      contribution: { router: event.router, bytes: event.bytes },
    };
  }
  return { type: event.type, ...(key === undefined ? {} : { roundKey: key }), body: encodeCanonical(event) };
}

const nothing: Bytes = new Uint8Array(0);

/** Throws `internal` for what this release has not written. */
export function eventOf(entry: JournalEntry): CoordinatorEvent {
  const { type, roundKey: key, contribution } = entry;
  if (type === 'contribution-accepted') {
    if (key === undefined || !contribution)
      throw new SecaggError('internal', 'the journal lacks the bytes of an accepted contribution');
    return { type, key, router: contribution.router, bytes: contribution.bytes };
  }
  const event = decodeCanonical(entry.body) as CoordinatorEvent;
  if (event.type !== type)
    throw new SecaggError('internal', `the journal has an entry of type ${type} with another content`);
  return event;
}
