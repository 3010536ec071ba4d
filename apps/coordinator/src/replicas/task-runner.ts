/** Does tasks that events have left (store/postgres/task-changes.ts): every replica takes what no other works on. */
import { type Part } from '@secagg/host';
import { type CiphertextSum } from '@secagg/crypto';
import { acceptedContribution, publishRound, type RoundState } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { type Engine } from '../engine';
import { type ContributionCache } from '../rounds/contribution-cache';
import { type RoundFinisher } from '../rounds/finish-rounds';
import { isFinal } from '../rounds/phases';
import { type PartialSum, type PostgresStore, type Task } from '../store/postgres/postgres-store';

/** How often tasks are looked for that nobody has told of: those whose holder has died. */
const LOOK_MS = 500;
/** Tasks at once: a long transcript is not to hold up the opening of another round. */
const AT_ONCE = 2;

export class TaskRunner implements Part {
  readonly name = 'tasks';
  private timer: NodeJS.Timeout | undefined;
  /** Each until it finds nothing to do. */
  private readonly workers: (Promise<void> | undefined)[] = [];
  private again = false;
  private stopped = false;

  /**
   * @param leaseMs how long a task stays this replica's when it dies. One that stands still that long may see its task
   * done twice: it costs time and changes nothing
   * @param onError told of a task that failed; it comes back when its lease is over
   */
  constructor(
    private readonly engine: Engine,
    private readonly store: PostgresStore,
    private readonly contributions: ContributionCache,
    private readonly finisher: Pick<RoundFinisher, 'finishRound'>,
    private readonly leaseMs: number,
    private readonly onError: (error: unknown, key: string) => void,
  ) {}

  start(): void {
    this.engine.journal.onEvent((event) => {
      if (leavesTasks.has(event.type)) this.wake();
    });
    this.timer = setInterval(() => this.wake(), LOOK_MS);
    this.wake();
  }

  /** Resolves when the tasks under way are done. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await Promise.all(this.workers.filter((worker) => worker !== undefined));
  }

  private wake(): void {
    this.again = true;
    for (let i = 0; i < AT_ONCE; i++) {
      this.workers[i] ??= this.work().finally(() => {
        this.workers[i] = undefined;
        if (this.again && !this.stopped) this.wake();
      });
    }
  }

  private async work(): Promise<void> {
    for (;;) {
      // A wake-up from here on may announce a task that this query does not see.
      this.again = false;
      let task: Task | undefined;
      try {
        task = this.stopped ? undefined : await this.store.claimTask(this.leaseMs);
        if (!task) return;
        await this.keeping(task, this.run(task));
      } catch (error) {
        if (!(error instanceof SecaggError) || error.code !== 'unavailable') this.onError(error, task?.roundKey ?? '');
        if (!task) return;
      }
    }
  }

  /** Renews the lease while the task is under way. */
  private async keeping(task: Task, doing: Promise<void>): Promise<void> {
    const renewing = setInterval(
      () => void this.store.renewTask(task, this.leaseMs).catch(() => undefined),
      this.leaseMs / 3,
    );
    try {
      await doing;
    } finally {
      clearInterval(renewing);
    }
  }

  private async run(task: Task): Promise<void> {
    const { journal } = this.engine;
    // The event that left the task may not have come here yet.
    await journal.fresh();
    const round = journal.state.rounds.get(task.roundKey);
    if (task.kind === 'prune') await this.store.pruneRound(task.roundKey);
    else if (round && task.kind === 'sum') return this.store.endSum(task, await this.addUp(task, round));
    else if (round && task.kind === 'publish') await this.publish(task.roundKey, round);
    else if (round && task.kind === 'finish') await this.finisher.finishRound(task.roundKey);
    await this.store.endTask(task);
  }

  private async addUp(task: Task, round: RoundState): Promise<PartialSum[]> {
    const sums = new Map<number, CiphertextSum>();
    for await (const { bytes } of this.store.contributionsOf(task)) {
      const { checked, contribution } = acceptedContribution(bytes);
      const { group } = checked.header;
      const sum = sums.get(group) ?? round.verified.cipher().newSum();
      sums.set(group, sum);
      sum.addPacked(contribution.ciphertext);
    }
    return [...sums].map(([group, sum]) => ({ group, words: sum.toPacked() }));
  }

  private async publish(key: string, round: RoundState): Promise<void> {
    if (isFinal(round.phase)) return;
    const { journal, context } = this.engine;
    const sums = Array.from({ length: round.verified.config.groups }, () => round.verified.cipher().newSum());
    for (const { group, words } of await this.store.partialSums(key)) sums[group].addPacked(words);
    const release = await this.contributions.hold(key, round.proposal?.set.excluded.map(({ router }) => router) ?? []);
    try {
      await journal.commit((state) => ({
        events: state.rounds.has(key) ? publishRound(state, context, key, sums) : [],
        reply: undefined,
      }));
    } finally {
      release();
      for (const sum of sums) sum.wipe();
    }
  }
}

/** Events after which there may be something to do. */
const leavesTasks: ReadonlySet<string> = new Set([
  'round-closed',
  'answer-received',
  'vote-received',
  'round-published',
  'round-undecided',
  'round-released',
]);
