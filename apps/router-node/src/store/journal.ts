/**
 * A pure state machine with a memory that survives: the events of its steps, in order, over a snapshot of what came before.
 * A step's events, and whatever must become true together with them, are one transaction; what the step allows to leave,
 * leaves after `commit` has returned.
 */
import { decodeCanonical, encodeCanonical, SecaggError } from '@secagg/schema';
import { failpoint } from '../failpoint';
import { type Database } from './database';

export interface Machine<State, Event> {
  evolve(state: State, event: Event): void;
  /** Plain integers, strings, byte strings, arrays and objects. */
  snapshot(state: State): unknown;
  restore(snapshot: unknown): State;
  /** The state that the very first event makes. */
  begin(event: Event): State;
  /** What of an event is written, where that is not all of it. */
  record?(event: Event): unknown;
}

export interface JournalOptions {
  /** Tells the journals of a node apart in crash points. */
  readonly name: string;
  /** Events after which a snapshot replaces them. */
  readonly eventsPerSnapshot: number;
}

const defaults: JournalOptions = { name: 'journal', eventsPerSnapshot: 512 };

export class Journal<State, Event extends { readonly type: string }> {
  private current: State | undefined;
  private sinceSnapshot = 0;

  /**
   * Rebuilds the state.
   * @param onFailure told when a step could not be made durable: memory is then ahead of the disk and the process must end
   */
  constructor(
    private readonly database: Database,
    private readonly machine: Machine<State, Event>,
    private readonly onFailure: (error: unknown) => void,
    private readonly options: JournalOptions = defaults,
  ) {
    const snapshot = database.get('SELECT body FROM snapshot WHERE id = 1')?.[0];
    if (snapshot) this.current = machine.restore(decodeCanonical(snapshot as Uint8Array));
    for (const [body] of database.all('SELECT body FROM event ORDER BY id')) {
      this.apply(decodeCanonical(body as Uint8Array) as Event);
      this.sinceSnapshot += 1;
    }
  }

  /** Undefined before the first event. */
  get state(): State | undefined {
    return this.current;
  }

  /** Waits until no other process keeps the database locked; see {@link Database.unlocked}. */
  unlocked(): Promise<void> {
    return this.database.unlocked();
  }

  /**
   * Throws `unavailable`, with nothing changed, while another process has locked the database.
   * @param also further statements of the same transaction
   */
  commit(events: readonly Event[], also?: () => void): void {
    if (events.length === 0 && !also) return;
    let hasBegun = false;
    try {
      this.database.transaction(() => {
        hasBegun = true;
        for (const event of events) this.apply(event);
        this.at('before-durable', events);
        for (const event of events)
          this.database.run(
            'INSERT INTO event (type, body) VALUES (?, ?)',
            event.type,
            encodeCanonical(this.machine.record?.(event) ?? event),
          );
        also?.();
        this.at('in-durable', events);
      });
      this.at('after-durable', events);
      this.sinceSnapshot += events.length;
      if (this.sinceSnapshot >= this.options.eventsPerSnapshot) this.compactUnlessLocked();
    } catch (error) {
      if (hasBegun || !(error instanceof SecaggError)) this.onFailure(error);
      throw error;
    }
  }

  /** The step is durable already: another process that has the database locked puts the snapshot off. */
  private compactUnlessLocked(): void {
    try {
      this.compact();
    } catch (error) {
      if (!(error instanceof SecaggError && error.code === 'unavailable')) throw error;
    }
  }

  /** Puts a snapshot in the place of all events. */
  compact(): void {
    if (this.current === undefined) return;
    const body = encodeCanonical(this.machine.snapshot(this.current));
    const snapshot = [{ type: 'snapshot' }];
    this.at('before-durable', snapshot);
    this.database.transaction(() => {
      this.database.run(
        'INSERT INTO snapshot (id, body) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body',
        body,
      );
      this.database.run('DELETE FROM event');
      this.at('in-durable', snapshot);
    });
    this.at('after-durable', snapshot);
    this.sinceSnapshot = 0;
  }

  private at(moment: string, events: readonly { readonly type: string }[]): void {
    for (const { type } of events) {
      failpoint(`${moment}:${type}`);
      failpoint(`${moment}:${this.options.name}/${type}`);
    }
  }

  private apply(event: Event): void {
    if (this.current === undefined) this.current = this.machine.begin(event);
    else this.machine.evolve(this.current, event);
  }
}
