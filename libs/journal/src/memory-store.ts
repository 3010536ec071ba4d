/** A store for roles that live as long as their process: a step is as durable as it gets when it is applied. */
import { type JournalStore, type Recorded } from './journal';

export class MemoryStore<State, Event> implements JournalStore<State, Event, void, () => void> {
  /** @param state what the role begins with, where it does not wait for its first event */
  constructor(private readonly state?: State) {}

  open(): State | undefined {
    return this.state;
  }

  write({ apply, also }: Recorded<Event, () => void>): void {
    apply();
    also?.();
  }

  async fresh(): Promise<void> {}
}
