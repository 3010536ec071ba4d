/** A role that lives as long as its process: the engine of the apps, on a store in memory. */
import { Journal, MemoryStore } from '@secagg/journal';
import { type Role, type Step } from '../role';

export abstract class LocalParty<State, Event extends { readonly type: string }> {
  /** Told of every event before it is applied. */
  onEvent: (event: Event) => void = ignore;
  private readonly journal: Journal<State, Event, void, () => void>;

  /** @param begun the state to go on from, of documents that are verified already */
  constructor({ evolve, ...rest }: Role<State, Event>, begun: State) {
    const told = (state: State, event: Event): void => {
      this.before(event);
      evolve(state, event);
    };
    this.journal = new Journal({ ...rest, evolve: told }, new MemoryStore<State, Event>(begun), ignore);
  }

  get state(): State {
    return this.journal.state;
  }

  commit<Reply>(step: Step<Event, Reply>): Reply {
    return this.journal.commit(() => step);
  }

  protected before(event: Event): void {
    this.onEvent(event);
  }
}

const ignore = (): void => undefined;
