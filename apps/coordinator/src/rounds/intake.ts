/**
 * Where contributions of open rounds go: into the journal, or beside one that is shared (replicas/shared-intake.ts).
 */
import {
  type AcceptedElsewhere,
  type CheckedContribution,
  type CoordinatorEvent,
  type CoordinatorState,
  type RoundState,
  type Step,
} from '@secagg/protocol';
import { type Bytes, type Signed } from '@secagg/schema';
import { type Journal } from '../journal';

export interface Arrival {
  readonly key: string;
  readonly bytes: Bytes;
  readonly contribution: CheckedContribution;
  /** Decides on a state, and on what is known of the round's contributions beside it. */
  readonly receive: (state: CoordinatorState, elsewhere?: AcceptedElsewhere) => Step<CoordinatorEvent, Signed>;
}

export interface Taken {
  readonly receipt: Signed;
  /** The identical contribution was not held before. */
  readonly isNew: boolean;
}

export interface Intake {
  /**
   * Gives the receipt when the contribution is durable. What `receive` throws comes through, and nothing has changed
   * then. Throws `unavailable`.
   */
  take(arrival: Arrival): Promise<Taken>;
  /** Contributions of a round, as far as this process knows. */
  known(key: string, round: RoundState): number;
  /** Contributions of a round now. Throws `unavailable`. */
  count(key: string, round: RoundState): Promise<number>;
}

/** Of a coordinator that is alone on its database. */
export class JournalIntake implements Intake {
  constructor(private readonly journal: Journal) {}

  async take({ receive }: Arrival): Promise<Taken> {
    let isNew = false;
    const receipt = await this.journal.commit((state) => {
      const step = receive(state);
      isNew = step.events.length > 0;
      return step;
    });
    return { receipt, isNew };
  }

  known(_key: string, { accepted }: RoundState): number {
    return accepted.size;
  }

  count(key: string, round: RoundState): Promise<number> {
    return Promise.resolve(this.known(key, round));
  }
}
