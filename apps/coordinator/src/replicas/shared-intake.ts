/**
 * Contributions of a replica (docs/adr/0030). They are decided on the state as this process knows it, added in batches
 * beside the journal, and refused by the database where the state was not the newest or the round is closed: then they
 * are decided once more.
 */
import { acceptedHeader, type CoordinatorState, type RoundState } from '@secagg/protocol';
import { type PartyId, SecaggError, type Signed } from '@secagg/schema';
import { failpoint } from '../failpoint';
import { type Arrival, type Intake, type Taken } from '../rounds/intake';
import { type Lane, laneRooms, type NewContribution, type OpenRounds } from '../store/postgres/open-rounds';
import { type SharedJournal } from './shared-journal';

interface Waiting extends Arrival {
  resolve(taken: Taken): void;
  reject(error: unknown): void;
}

interface Queue {
  waiting: Waiting[];
  running?: Promise<void>;
}

/** An arrival that is to be added, with the receipt that it gets then. */
interface Good {
  readonly arrival: Waiting;
  readonly receipt: Signed;
}

interface Refused {
  readonly arrival: Waiting;
  readonly error: unknown;
}

/** Contributions of one batch, and bytes of it. */
const BATCH = 256;
const BATCH_BYTES = 8 * 1024 * 1024;
/**
 * Times that a batch is decided anew, since the journal or the lanes have changed meanwhile, before routers are told to
 * come again.
 */
const ATTEMPTS = 20;

export class SharedIntake implements Intake {
  private readonly queues = new Map<string, Queue>();
  private counts: ReadonlyMap<string, number> = new Map();

  /** @param onTrouble told of every failure of the database */
  constructor(
    private readonly journal: SharedJournal,
    private readonly table: OpenRounds,
    private readonly onTrouble: (error: unknown) => void,
  ) {}

  take(arrival: Arrival): Promise<Taken> {
    return new Promise((resolve, reject) => {
      const { key } = arrival;
      const queue = this.queues.get(key) ?? { waiting: [] };
      this.queues.set(key, queue);
      queue.waiting.push({ ...arrival, resolve, reject });
      this.run(key, queue);
    });
  }

  known(key: string, { accepted, phase }: RoundState): number {
    return phase === 'collecting' ? accepted.size + (this.counts.get(key) ?? 0) : accepted.size;
  }

  async count(key: string, round: RoundState): Promise<number> {
    if (round.phase !== 'collecting') return round.accepted.size;
    let lanes: Lane[];
    try {
      lanes = await this.table.lanes(key);
    } catch (error) {
      this.onTrouble(error);
      throw unavailable();
    }
    // Closed meanwhile, or of an earlier release.
    if (lanes.length === 0) await this.journal.fresh();
    const { accepted, phase } = this.journal.state.rounds.get(key) ?? round;
    // Closed while the table was read: the state has all of them now.
    if (phase !== 'collecting') return accepted.size;
    return lanes.reduce((sum, { taken }) => sum + taken, accepted.size);
  }

  /** Looks how many contributions the others have taken, while a round is open. */
  async look(): Promise<void> {
    const isOpen = [...this.journal.state.rounds.values()].some(({ phase }) => phase === 'collecting');
    this.counts = isOpen ? await this.table.counts() : new Map();
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    while (this.queues.size > 0)
      await Promise.all([...this.queues.values()].map(({ running = Promise.resolve() }) => running));
  }

  private run(key: string, queue: Queue): void {
    // What comes in during this turn of the event loop goes together.
    queue.running ??= new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => this.drain(key, queue))
      .finally(() => {
        delete queue.running;
        if (queue.waiting.length > 0) this.run(key, queue);
        else this.queues.delete(key);
      });
  }

  private async drain(key: string, queue: Queue): Promise<void> {
    while (queue.waiting.length > 0) {
      const batch = nextBatch(queue);
      try {
        await this.settle(key, batch);
      } catch (error) {
        // Whether they were added is not known; the same bytes again get the same receipt. Those that were answered
        // stay so.
        this.onTrouble(error);
        for (const { reject } of batch) reject(unavailable());
      }
    }
  }

  private async settle(key: string, batch: readonly Waiting[]): Promise<void> {
    let left = batch;
    let lane: number | undefined;
    for (let attempt = 0; left.length > 0; attempt++) {
      if (attempt === ATTEMPTS) throw new Error('the journal changes too often to take contributions');
      // What is not in the journal yet must decide nothing: it may be taken back.
      await this.journal.committed();
      const { state, position } = this.journal;
      const { good, refused } = decide(state, left);
      const round = state.rounds.get(key);
      if (round?.phase !== 'collecting') {
        for (const { arrival, error } of refused) arrival.reject(error);
        if (good.length > 0) throw new Error('a contribution was let into a round that is not open');
        return;
      }
      lane ??= Math.floor(Math.random() * laneRooms(round.verified.config.max_participants).length);
      left = good.map(({ arrival }) => arrival);
      let isFull = false;
      if (good.length > 0) {
        const { routers, behind, room } = await this.add(key, lane, position, good);
        left = left.filter(({ contribution }) => !routers.has(routerOf(contribution)));
        if (behind) {
          await this.journal.fresh();
          left = [...left, ...refused.map(({ arrival }) => arrival)];
          continue;
        }
        isFull = room === 0;
      } else {
        // Nobody is refused for what is not so any more.
        await this.journal.fresh();
        if (this.journal.position !== position) {
          left = refused.map(({ arrival }) => arrival);
          continue;
        }
      }
      left = await this.settleHeld(key, state, left, refused);
      if (left.length === 0 && !isFull) return;
      const lanes = await this.table.lanes(key);
      lane = await this.nextLane(key, lanes);
      if (lanes.length > 0 && lane === undefined) left = refuseFull(this.journal.state, left);
    }
  }

  /** Adds them in increasing order of router, and answers those that were. */
  private async add(key: string, lane: number, position: number, good: readonly Good[]) {
    const rows = good.map(({ arrival: { bytes, contribution } }): NewContribution => {
      const { header, signed } = contribution.checked;
      return { router: header.router, header: signed, bytes };
    });
    rows.sort((a, b) => (a.router < b.router ? -1 : 1));
    // Once for each, as everywhere: the second one is reached whether it is in this batch or in the next.
    const at = (moment: string) => rows.forEach(() => failpoint(`${moment}:contribution-accepted`));
    at('before-durable');
    const adding = this.table.add(key, lane, position, rows);
    at('in-durable');
    const added = await adding;
    at('after-durable');
    for (const { arrival, receipt } of good)
      if (added.routers.has(routerOf(arrival.contribution))) arrival.resolve({ receipt, isNew: true });
    return added;
  }

  /**
   * Answers those that were not added because their router has a contribution, and those that were refused. Gives the
   * others.
   */
  private async settleHeld(
    key: string,
    state: CoordinatorState,
    notAdded: readonly Waiting[],
    refused: readonly Refused[],
  ): Promise<Waiting[]> {
    const asked = [...notAdded, ...refused.map(({ arrival }) => arrival)];
    if (asked.length === 0) return [];
    const held = await this.table.headers(
      key,
      asked.map(({ contribution }) => routerOf(contribution)),
    );
    const headerOf = ({ contribution }: Waiting) => held.get(routerOf(contribution));
    for (const arrival of asked) {
      const header = headerOf(arrival);
      if (header) answer(arrival, () => arrival.receive(state, { held: acceptedHeader(header) }).reply);
    }
    for (const { arrival, error } of refused) if (!headerOf(arrival)) arrival.reject(error);
    return notAdded.filter((arrival) => !headerOf(arrival));
  }

  /** The lane with the most room; undefined where there is none. */
  private async nextLane(key: string, lanes: readonly Lane[]): Promise<number | undefined> {
    if (lanes.length === 0) {
      // Closed, which the journal tells; or of an earlier release.
      await this.journal.fresh();
      if (this.journal.state.rounds.get(key)?.phase === 'collecting') await this.journal.openRound(key);
      return undefined;
    }
    const taken = lanes.reduce((sum, entry) => sum + entry.taken, 0);
    this.counts = new Map([...this.counts, [key, taken]]);
    const best = lanes.reduce((a, b) => (b.room > a.room ? b : a));
    return best.room > 0 ? best.lane : undefined;
  }
}

/** As many as go together; of one router only the first, since another one may contradict it. */
function nextBatch(queue: Queue): Waiting[] {
  const batch: Waiting[] = [];
  const later: Waiting[] = [];
  const routers = new Set<PartyId>();
  let bytes = 0;
  for (const arrival of queue.waiting) {
    const router = routerOf(arrival.contribution);
    if (batch.length >= BATCH || bytes > BATCH_BYTES || routers.has(router)) {
      later.push(arrival);
      continue;
    }
    batch.push(arrival);
    routers.add(router);
    bytes += arrival.bytes.length;
  }
  queue.waiting = later;
  return batch;
}

/** Answers those that the state holds. */
function decide(state: CoordinatorState, arrivals: readonly Waiting[]): { good: Good[]; refused: Refused[] } {
  const good: Good[] = [];
  const refused: Refused[] = [];
  for (const arrival of arrivals) {
    try {
      const { events, reply: receipt } = arrival.receive(state);
      if (events.length > 0) good.push({ arrival, receipt });
      else arrival.resolve({ receipt, isNew: false });
    } catch (error) {
      refused.push({ arrival, error });
    }
  }
  return { good, refused };
}

/** There is no room for these, and there will be none. */
function refuseFull(state: CoordinatorState, arrivals: readonly Waiting[]): Waiting[] {
  for (const arrival of arrivals)
    answer(arrival, () => {
      arrival.receive(state, { count: Infinity });
      throw new SecaggError('internal', 'a full round took a contribution');
    });
  return [];
}

function answer(arrival: Waiting, receipt: () => Signed): void {
  try {
    arrival.resolve({ receipt: receipt(), isNew: false });
  } catch (error) {
    arrival.reject(error);
  }
}

const routerOf = ({ checked }: Arrival['contribution']): PartyId => checked.header.router;

const unavailable = (): SecaggError =>
  new SecaggError(
    'unavailable',
    'the database cannot be used now, or did not say what became of the contribution: try again',
  );
