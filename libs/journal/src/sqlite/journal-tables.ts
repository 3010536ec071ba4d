/**
 * A journal in two tables of a database: the events of its steps, in order, over a snapshot of what came before. A
 * step's events, and whatever must become true together with them, are one transaction; it is durable when `write`
 * returns.
 */
import { failpoint } from '@secagg/host';
import { decodeCanonical, encodeCanonical, SecaggError } from '@secagg/schema';
import { type Journal, type JournalStore, type Recorded, replayed, type Role } from '../journal';
import { type Database } from './database';

/** What becomes true with a step are further statements of its transaction. */
export type TableJournal<State, Event> = Journal<State, Event, void, () => void>;

export interface JournalTablesOptions {
  /** Tells the journals of a process apart in crash points. */
  readonly name: string;
  /** Events after which a snapshot replaces them; default 512. */
  readonly eventsPerSnapshot?: number;
}

/** Both tables, for the migrations of a database. */
export const journalTables = `
      CREATE TABLE event (id INTEGER PRIMARY KEY, type TEXT NOT NULL, body BLOB NOT NULL);
      CREATE TABLE snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL);`;

export class JournalTables<State, Event extends { readonly type: string }>
  implements JournalStore<State, Event, void, () => void>
{
  private sinceSnapshot = 0;
  private role: Role<State, Event> | undefined;

  constructor(
    private readonly database: Database,
    private readonly options: JournalTablesOptions,
  ) {}

  open(role: Role<State, Event>): State | undefined {
    this.role = role;
    const snapshot = this.database.get('SELECT body FROM snapshot WHERE id = 1')?.[0];
    const events = this.database.all('SELECT body FROM event ORDER BY id');
    this.sinceSnapshot = events.length;
    return replayed(
      role,
      snapshot ? role.restore(decodeCanonical(snapshot as Uint8Array)) : undefined,
      events.map(([body]) => decodeCanonical(body as Uint8Array) as Event),
    );
  }

  /** Throws `unavailable`, with nothing changed, while another process has locked the database. */
  write({ events, also, apply, snapshot }: Recorded<Event, () => void>): void {
    const { eventsPerSnapshot = 512 } = this.options;
    this.transaction(events, () => {
      apply();
      this.at('before-durable', events);
      for (const event of events)
        this.database.run(
          'INSERT INTO event (type, body) VALUES (?, ?)',
          event.type,
          encodeCanonical(this.role?.record?.(event) ?? event),
        );
      also?.();
    });
    this.sinceSnapshot += events.length;
    if (this.sinceSnapshot >= eventsPerSnapshot) this.compactUnlessLocked(snapshot());
  }

  fresh(): Promise<void> {
    return this.database.unlocked();
  }

  compact(snapshot: unknown): void {
    const body = encodeCanonical(snapshot);
    const what = [{ type: 'snapshot' }];
    this.at('before-durable', what);
    this.transaction(what, () => {
      this.database.run(
        'INSERT INTO snapshot (id, body) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body',
        body,
      );
      this.database.run('DELETE FROM event');
    });
    this.sinceSnapshot = 0;
  }

  /** The step is durable already: another process that has the database locked puts the snapshot off. */
  private compactUnlessLocked(snapshot: unknown): void {
    try {
      this.compact(snapshot);
    } catch (error) {
      if (!(error instanceof SecaggError && error.code === 'unavailable')) throw error;
    }
  }

  private transaction(what: readonly { readonly type: string }[], work: () => void): void {
    this.database.transaction(() => {
      work();
      this.at('in-durable', what);
    });
    this.at('after-durable', what);
  }

  private at(moment: string, what: readonly { readonly type: string }[]): void {
    for (const { type } of what) {
      failpoint(`${moment}:${type}`);
      failpoint(`${moment}:${this.options.name}/${type}`);
    }
  }
}
