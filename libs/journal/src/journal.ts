/**
 * The engine of every role: a state in memory that is what its journal says (docs/adr/0029). A step is decided on the
 * state, its events are applied and made durable, and only then is there a reply. How and when a step becomes durable
 * is the store's business.
 */
import { SecaggError } from '@secagg/schema';

/** What the engine needs of a role: no clock, no disk, no network. */
export interface Role<State, Event> {
  /** The state that the very first event makes. */
  begin(event: Event): State;
  evolve(state: State, event: Event): void;
  /** Plain integers, strings, byte strings, arrays and objects. */
  snapshot(state: State): unknown;
  /**
   * @param begun what `begin` made, where the store keeps events beside its snapshot: they are applied to the restored
   * state again
   */
  restore(snapshot: unknown, begun?: State): State;
  /** What of an event is written, where that is not all of it. */
  record?(event: Event): unknown;
}

export interface Step<Event, Reply> {
  readonly events: readonly Event[];
  readonly reply: Reply;
}

/** A step as a store gets it. */
export interface Recorded<Event, Also> {
  readonly events: readonly Event[];
  /** What becomes durable together with the events, or not at all. */
  readonly also?: Also | undefined;
  /** Changes the memory; to be called once, and not before it is certain that the step will be written. */
  apply(): void;
  /** Of the state as it is after `apply`. */
  snapshot(): unknown;
}

/**
 * `Durable` is `void` for a store in which a step is durable when `write` returns, and a promise for one that writes
 * later: memory is then ahead of the store, and no reply leaves before.
 */
export interface JournalStore<State, Event, Durable extends void | Promise<void>, Also> {
  /** The state as it was left; undefined before the first event. */
  open(role: Role<State, Event>): State | undefined;
  /** May throw a SecaggError with nothing changed, as long as it has not called `apply`. */
  write(step: Recorded<Event, Also>): Durable;
  /**
   * Resolves when a step can be decided on the newest state and written. Throws `unavailable` where that takes too
   * long.
   */
  fresh(): Promise<void>;
  /** Replaces all events by a snapshot. */
  compact?(snapshot: unknown): void;
}

/** A promise of the reply where the store writes later, and the reply where it has written already. */
export type Answer<Durable extends void | Promise<void>, Reply> =
  Durable extends Promise<void> ? Promise<Reply> : Reply;

/** @param elsewhere the event was decided by another process that shares the journal */
export type EventListener<Event> = (event: Event, elsewhere: boolean) => void;

export class Journal<State, Event, Durable extends void | Promise<void>, Also = never> {
  private current: State | undefined;
  private written: Durable | undefined;
  private readonly listeners: EventListener<Event>[] = [];

  /** @param onFailure ends the process: memory may be ahead of the store, or half-way through a step */
  constructor(
    private readonly role: Role<State, Event>,
    private readonly store: JournalStore<State, Event, Durable, Also>,
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.current = store.open(role);
  }

  /** False before the first event. */
  get hasBegun(): boolean {
    return this.current !== undefined;
  }

  /** Throws `unavailable` before the first event, which is that of the fleet's documents in every role. */
  get state(): State {
    if (this.current === undefined) throw new SecaggError('unavailable', 'the fleet documents are not known yet');
    return this.current;
  }

  /**
   * Decides on the state, applies the events, and gives the reply when they are durable. What `decide` throws comes
   * through, and so does `unavailable` of a store that cannot be written now: nothing has changed then.
   */
  commit<Reply>(decide: (state: State) => Step<Event, Reply>, also?: Also): Answer<Durable, Reply> {
    const { events, reply } = decide(this.state);
    const durable = this.append(events, also);
    return (durable instanceof Promise ? durable.then(() => reply) : reply) as Answer<Durable, Reply>;
  }

  /** The same for events that nobody waits for a reply to; also for the very first one. */
  append(events: readonly Event[], also?: Also): Durable {
    // The reply of a step without events may tell of what is not durable yet.
    if (events.length === 0 && also === undefined) return this.durable();
    let isApplied = false;
    const apply = (): void => {
      isApplied = true;
      for (const event of events) this.current = evolved(this.role, this.current, event);
    };
    const fail = (error: unknown): void => this.onFailure(error);
    try {
      const written = this.store.write({ events, also, apply, snapshot: () => this.role.snapshot(this.state) });
      if (written instanceof Promise) written.catch(fail);
      this.written = written;
    } catch (error) {
      if (isApplied || !(error instanceof SecaggError)) fail(error);
      throw error;
    }
    for (const event of events) for (const listener of this.listeners) listener(event, false);
    return this.durable();
  }

  /** Resolves when everything that is in memory now is durable. */
  durable(): Durable {
    return this.written as Durable;
  }

  /**
   * Resolves when a step can be decided on the newest state and written. Throws `unavailable` where that takes too
   * long.
   */
  fresh(): Promise<void> {
    return this.store.fresh();
  }

  /**
   * Called for every event, in order, when it has changed the state: with a store that writes later, before it is
   * durable.
   */
  onEvent(listener: EventListener<Event>): void {
    this.listeners.push(listener);
  }

  /** Replaces all events by a snapshot. Does nothing where the store keeps no events. */
  compact(): void {
    if (this.hasBegun) this.store.compact?.(this.role.snapshot(this.state));
  }
}

const evolved = <State, Event>(role: Role<State, Event>, state: State | undefined, event: Event): State => {
  if (state === undefined) return role.begin(event);
  role.evolve(state, event);
  return state;
};

/** The state that events make of the one before them. */
export function replayed<State, Event>(
  role: Role<State, Event>,
  before: State | undefined,
  events: Iterable<Event>,
): State | undefined {
  let state = before;
  for (const event of events) state = evolved(role, state, event);
  return state;
}
