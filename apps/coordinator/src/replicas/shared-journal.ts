/**
 * The journal of coordinators that share a PostgreSQL database (docs/adr/0011). All of them hold the same state,
 * evolved from the same events in the same order. A step is decided in a turn, a transaction under the journal's lock:
 * what others have appended is applied first, so that `decide` always sees the newest state; its events are appended,
 * and only once they are committed may replies leave. Steps that wait for the same turn share one commit.
 *
 * From the first event of a turn until its commit, memory is ahead of the database. When that commit fails, or its
 * outcome is not known, the state is thrown away and restored from the journal: nobody has seen what was in it, since
 * replies wait, and get `unavailable` then. One file, since taking a turn, following others and starting over share the
 * position in the journal and whether memory can be trusted.
 */
import {
  type CoordinatorEvent,
  coordinatorSnapshot,
  type CoordinatorState,
  evolveCoordinator,
  releaseEpochs,
  type Step,
} from '@secagg/protocol';
import { encodeCanonical, SecaggError } from '@secagg/schema';
import { failpoint } from '../failpoint';
import { type Decide, type EventListener, type Journal } from '../journal';
import { type JournalLog, type JournalRow, type Newer, type NewRow, type Turn } from '../store/postgres/journal-log';
import { type TaskChange } from '../store/postgres/task-changes';
import { type UsedNonce } from '../store/store';
import { epochKey, roundKeyOf } from '../event-codec';
import { laneRooms } from '../store/postgres/open-rounds';
import { eventOfRow, roundsClosedBy, rowOf, taskChangesOf } from './shared-events';

interface Waiting {
  resolve(): void;
  reject(error: unknown): void;
}

interface Pending {
  readonly decide: Decide<unknown>;
  readonly nonce?: UsedNonce;
  /** Keys whose entries this removes: a turn of its own. */
  readonly releases?: () => readonly string[];
  /** A round of an earlier release, to be opened for contributions beside the journal. */
  readonly opens?: string;
  resolve(reply: unknown): void;
  reject(error: unknown): void;
}

/** Steps of one turn, and bytes of it: what waits longer for its commit waits in the next one. */
const STEPS_PER_TURN = 256;
const BYTES_PER_TURN = 8 * 1024 * 1024;

export interface SharedJournalOptions {
  readonly log: JournalLog;
  /** Builds a state by replaying entries on top of a snapshot. */
  readonly restore: (
    rows: AsyncIterable<JournalRow>,
    snapshot: Uint8Array | undefined,
  ) => Promise<{ state: CoordinatorState; position: number }>;
  /** Told of every failure of the database, and of what could not be applied. */
  readonly onTrouble: (error: unknown) => void;
  /** Told of the database's time whenever it is known. */
  readonly onClock: (nowMs: number) => void;
  /** Called when the state was replaced as a whole. */
  readonly onRestored: () => void;
}

export class SharedJournal implements Journal {
  private current: CoordinatorState;
  private newest: number;
  /**
   * Memory holds what may not be in the journal, or lacks what was removed from it: to be restored before it is used.
   */
  private stale = false;
  /** Counts the states that were thrown away. */
  private generation = 0;
  /** Resolves when the turn that memory is ahead of has ended, either way. */
  private ahead: Promise<void> | undefined;
  private readonly listeners: EventListener[] = [];
  private steps: Pending[] = [];
  private readers: Waiting[] = [];
  private running: Promise<void> | undefined;

  constructor(
    private readonly options: SharedJournalOptions,
    restored: { state: CoordinatorState; position: number },
  ) {
    this.current = restored.state;
    this.newest = restored.position;
  }

  get state(): CoordinatorState {
    return this.current;
  }

  /** Id of the newest entry that is in the state. */
  get position(): number {
    return this.newest;
  }

  commit<Reply>(decide: Decide<Reply>, useNonce?: () => UsedNonce): Promise<Reply> {
    const nonce = useNonce?.();
    return this.enqueue(decide, nonce ? { nonce } : {}) as Promise<Reply>;
  }

  async commitIfDue(decide: Decide<undefined>): Promise<void> {
    if (this.stale) await this.fresh();
    if (decide(this.state).events.length > 0) await this.enqueue(decide, {});
  }

  async release(key: string): Promise<void> {
    await this.enqueue(
      (state) => ({ events: state.rounds.has(key) ? [{ type: 'round-released', key }] : [], reply: undefined }),
      { releases: () => [key] },
    );
  }

  async releaseEpochs(): Promise<void> {
    if (releaseEpochs(this.state).events.length === 0) return;
    let released: readonly number[] = [];
    await this.enqueue(
      (state) => {
        const step = releaseEpochs(state);
        released = step.reply;
        return { events: step.events, reply: undefined };
      },
      { releases: () => released.map(epochKey) },
    );
  }

  /** Opens a round for contributions that an earlier release has announced. Nothing for others. */
  async openRound(key: string): Promise<void> {
    await this.enqueue(() => ({ events: [], reply: undefined }), { opens: key });
  }

  /**
   * Resolves when the state has nothing that may not be in the journal: until something else happens in this process.
   */
  async committed(): Promise<void> {
    while (this.stale || this.ahead) {
      if (this.stale) await this.fresh();
      await this.ahead;
    }
  }

  fresh(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.readers.push({ resolve, reject });
      this.run();
    });
  }

  reading(): () => Promise<void> {
    const { generation } = this;
    return async () => {
      await this.ahead;
      if (this.stale || generation !== this.generation) throw unavailable();
    };
  }

  /** Throws `unavailable` when what is in memory now was taken back. */
  durable(): Promise<void> {
    return this.reading()();
  }

  onEvent(listener: EventListener): void {
    this.listeners.push(listener);
  }

  /** Resolves when no step is under way any more. */
  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  private enqueue(decide: Decide<unknown>, what: Pick<Pending, 'nonce' | 'releases' | 'opens'>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.steps.push({ decide, ...what, resolve, reject });
      this.run();
    });
  }

  private run(): void {
    // What comes in during this turn of the event loop goes together.
    this.running ??= new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => this.drain())
      .finally(() => {
        this.running = undefined;
        if (this.steps.length + this.readers.length > 0) this.run();
      });
  }

  private async drain(): Promise<void> {
    while (this.steps.length + this.readers.length > 0) {
      const readers = this.readers;
      this.readers = [];
      const steps = this.nextSteps();
      try {
        if (this.stale) await this.startOver();
        if (steps.length > 0) await this.takeTurn(steps, readers);
        else {
          await this.follow();
          for (const reader of readers) reader.resolve();
        }
      } catch (error) {
        if (error instanceof EntriesMissed) {
          // Nothing has been decided yet: the same once more, on a state that is restored first.
          this.steps.unshift(...steps);
          this.readers.unshift(...readers);
          continue;
        }
        this.options.onTrouble(error);
        for (const { reject } of [...steps, ...readers]) reject(unavailable());
      }
    }
  }

  /** The state is not to be relied on until it is restored; nor is what was seen of it. */
  private distrust(): void {
    this.stale = true;
    this.generation += 1;
  }

  private nextSteps(): Pending[] {
    const alone = this.steps.findIndex(({ releases }) => releases !== undefined);
    return this.steps.splice(0, Math.min(STEPS_PER_TURN, alone < 0 ? STEPS_PER_TURN : Math.max(1, alone)));
  }

  /** Applies what others have appended. */
  private async follow(): Promise<void> {
    await this.applyNewer(await this.options.log.newer(this.position), (after) => this.options.log.newer(after));
  }

  private async applyNewer(first: Newer, more: (afterId: number) => Promise<Newer>): Promise<void> {
    for (let newer = first; ; newer = await more(this.position)) {
      this.options.onClock(newer.nowMs);
      if (newer.rows.length === 0) return;
      for (const row of newer.rows) {
        if (row.id !== this.position + 1) {
          // Entries of a released round, which this process has not seen: what followed from them is in the snapshot
          // only.
          this.distrust();
          throw new EntriesMissed();
        }
        const event = eventOfRow(row);
        if (event) this.apply(event, true);
        this.newest = row.id;
      }
    }
  }

  private async takeTurn(steps: Pending[], readers: readonly Waiting[]): Promise<void> {
    let ended = (): void => undefined;
    const settle: (() => void)[] = [];
    let own: readonly CoordinatorEvent[];
    try {
      own = await this.options.log.turn(this.position, async (turn, newer) => {
        await this.applyNewer(newer, (after) => turn.newer(after));
        const nonces = steps.flatMap(({ nonce }) => nonce ?? []);
        const used = nonces.length > 0 ? await turn.used(nonces) : [];
        this.ahead = new Promise((resolve) => {
          ended = resolve;
        });
        const decided = await this.decideAll(turn, steps, used, settle);
        await this.write(turn, steps[0].releases, decided, newer.nowMs);
        return decided.events;
      });
    } catch (error) {
      // What was applied is of no account unless the journal has it.
      if (this.ahead) this.distrust();
      throw error;
    } finally {
      this.ahead = undefined;
      ended();
    }
    for (const { type } of own) failpoint(`after-durable:${type}`);
    for (const event of own) this.tell(event, false);
    for (const act of settle) act();
    for (const reader of readers) reader.resolve();
  }

  /**
   * Decides and applies one step after the other, on the state that the ones before have left. Answers wait for the
   * commit. A round that closes has its contributions listed first.
   */
  private async decideAll(
    turn: Turn,
    steps: Pending[],
    used: readonly UsedNonce[],
    settle: (() => void)[],
  ): Promise<Decided> {
    const decided: Decided = { events: [], rows: [], nonces: [], tasks: [], bytes: 0 };
    for (const [index, pending] of steps.entries()) {
      if (decided.bytes > BYTES_PER_TURN) {
        this.steps.unshift(...steps.splice(index));
        break;
      }
      const { nonce, opens } = pending;
      let step: Step<CoordinatorEvent, unknown>;
      try {
        if (nonce && (used.includes(nonce) || decided.nonces.some((other) => sameNonce(other, nonce)))) {
          throw new SecaggError('duplicate', 'the request was taken before', { party: nonce.operator });
        }
        step = pending.decide(this.state);
      } catch (error) {
        settle.push(() => pending.reject(error));
        continue;
      }
      const closing = roundsClosedBy(step.events, this.state);
      for (const key of closing)
        for (const headers of await turn.closeRound(key))
          this.include(decided, { type: 'contributions-listed', key, headers });
      if (closing.length > 0) {
        // Once more, now that the state has the contributions. What this throws ends the turn, and nothing of it is
        // kept.
        step = pending.decide(this.state);
        if (roundsClosedBy(step.events, this.state).length < closing.length)
          throw new SecaggError('internal', 'a round that was to close did not');
      }
      if (nonce) decided.nonces.push(nonce);
      for (const event of step.events) {
        this.include(decided, event);
        if (event.type === 'round-announced') await this.open(turn, roundKeyOf(event));
      }
      await this.open(turn, opens);
      settle.push(() => pending.resolve(step.reply));
    }
    return decided;
  }

  private include(decided: Decided, event: CoordinatorEvent): void {
    this.newest += 1;
    const row = rowOf(event, this.position);
    evolveCoordinator(this.state, event);
    decided.events.push(event);
    decided.rows.push(row);
    decided.tasks.push(...taskChangesOf(event, this.state));
    decided.bytes += row.body.length;
  }

  private async open(turn: Turn, key: string | undefined): Promise<void> {
    const round = key === undefined ? undefined : this.state.rounds.get(key);
    if (key === undefined || round?.phase !== 'collecting') return;
    await turn.openRound(key, laneRooms(round.verified.config.max_participants - round.accepted.size));
  }

  private async write(
    turn: Turn,
    releases: Pending['releases'],
    { events, rows, nonces, tasks }: Decided,
    nowMs: number,
  ): Promise<void> {
    for (const { type } of events) failpoint(`before-durable:${type}`);
    if (releases !== undefined && rows.length > 0) {
      await turn.removeEntries(releases());
      await turn.putSnapshot(encodeCanonical(coordinatorSnapshot(this.state)));
    }
    if (rows.length > 0) await turn.append(rows);
    if (nonces.length > 0) await turn.useNonces(nonces, nowMs);
    await turn.changeTasks(tasks);
    for (const { type } of events) failpoint(`in-durable:${type}`);
  }

  private apply(event: CoordinatorEvent, elsewhere: boolean): void {
    try {
      evolveCoordinator(this.state, event);
    } catch (error) {
      this.distrust();
      throw error;
    }
    this.tell(event, elsewhere);
  }

  private tell(event: CoordinatorEvent, elsewhere: boolean): void {
    for (const listener of this.listeners) listener(event, elsewhere);
  }

  private async startOver(): Promise<void> {
    const { log, restore, onRestored } = this.options;
    let restored: { state: CoordinatorState; position: number } | undefined;
    await log.everything(async (rows, snapshot) => {
      restored = await restore(rows, snapshot);
    });
    const { state, position } = restored as unknown as { state: CoordinatorState; position: number };
    this.current = state;
    this.newest = position;
    this.stale = false;
    onRestored();
  }
}

class EntriesMissed extends Error {}

interface Decided {
  readonly events: CoordinatorEvent[];
  readonly rows: NewRow[];
  readonly nonces: UsedNonce[];
  readonly tasks: TaskChange[];
  bytes: number;
}

const unavailable = (): SecaggError =>
  new SecaggError(
    'unavailable',
    'the database cannot be used now, or did not say what became of the request: try again',
  );

const sameNonce = (a: UsedNonce, b: UsedNonce): boolean =>
  a.operator === b.operator && Buffer.compare(a.nonce, b.nonce) === 0;
