/**
 * What a party of the protocol is to whoever runs it. A step decides on the state and changes nothing; the engine makes
 * its events durable, applies them with `evolve`, and only then lets the reply leave. Time, randomness and stored bytes
 * are arguments of a step.
 */
import { type PartyId, SecaggError } from '@secagg/schema';

/** Which phases may follow a phase. */
export type Transitions<Phase extends string = string> = { readonly [From in Phase]: readonly Phase[] };

export interface Role<State, Event extends { readonly type: string }> {
  /** The state that the very first event makes. Throws `internal` for an event that a journal does not begin with. */
  begin(event: Event): State;
  /** Applies a durable event. Throws `internal` for a transition that is not in the table. */
  evolve(state: State, event: Event): void;
  /** Plain integers, strings, byte strings, arrays and objects. */
  snapshot(state: State): unknown;
  /**
   * @param begun what `begin` made, where the journal keeps events beside its snapshot: they are applied to the
   * restored state again
   */
  restore(snapshot: unknown, begun?: State): State;
  /** What of an event is written, where that is not all of it. */
  record?(event: Event): unknown;
  /** By what moves, e.g. `round`. */
  readonly transitions: Readonly<Record<string, Transitions>>;
}

/** Stored contributions of a round that a step has to see. */
export interface Needs {
  readonly key: string;
  readonly routers: readonly PartyId[];
}

export interface Step<Event, Reply = undefined> {
  /** To be made durable before the reply leaves. */
  readonly events: readonly Event[];
  readonly reply: Reply;
  /**
   * What the step cannot be decided without: it has no events and no reply then, and the caller takes it again with
   * these bytes.
   */
  readonly needs?: Needs;
}

/** Throws `internal`, naming the transition, for one that is not in the table. */
export function checkTransition<Phase extends string>(
  subject: string,
  transitions: Transitions<Phase>,
  from: Phase,
  to: Phase,
): void {
  if (transitions[from].includes(to)) return;
  const transition = `${from} -> ${to}`;
  throw new SecaggError('internal', `${subject}: ${transition} is not a transition of the protocol`, { transition });
}
