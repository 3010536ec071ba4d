/** Kills processes and starts them again, several at a time, while rounds go on. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Need } from '../points';
import { subject, type World } from '../world';
import { type KillOrder, type Orders } from './order';
import { type Tally } from './tally';

/** Processes that are being killed, or wait for their point, at the same time. */
const AT_ONCE = 3;
/** How long a process may take to come by its point. */
const PATIENCE_MS = 40_000;

export class Killer {
  private readonly busy = new Set<string>();
  /** What the processes that wait for their point need to come by. */
  private readonly needs = new Map<string, Need>();
  private readonly slots: Promise<void>[];
  private isOver = false;

  constructor(
    private readonly world: World,
    private readonly orders: Orders,
    private readonly tally: Tally,
    /** Told of each kill. */
    private readonly onKill: (text: string) => void,
    /** What dies at its point loses what it has not synced. */
    private readonly powerLoss: boolean,
  ) {
    this.slots = Array.from({ length: AT_ONCE }, () => this.run());
  }

  /** What should be made to happen next, besides ordinary rounds. */
  wanted(): Set<Need> {
    return new Set(this.needs.values());
  }

  /** After a failure nothing more is killed: what has gone wrong is to be seen as it was. */
  private get hasEnded(): boolean {
    return this.isOver || this.world.problems.length > 0;
  }

  get isDone(): boolean {
    return this.isOver || (this.orders.isDone && this.busy.size === 0);
  }

  /** Gives no more orders, and returns when every process runs and none is to die. */
  async end(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.slots);
  }

  private async run(): Promise<void> {
    while (!this.hasEnded && !this.orders.isDone) {
      const order = this.orders.next(this.world, this.busy);
      if (!order) {
        await pause(50);
        continue;
      }
      const names = [order.name, ...order.others];
      for (const name of names) this.busy.add(name);
      try {
        await this.carryOut(order);
      } catch (error) {
        this.world.fail(error instanceof Error ? error.message : String(error));
        this.isOver = true;
      } finally {
        for (const name of names) this.busy.delete(name);
      }
    }
  }

  private async carryOut(order: KillOrder): Promise<void> {
    const { name, others, at, afterMs, occurrence } = order;
    if (afterMs > 0) await pause(afterMs);
    await Promise.all([name, ...others].map((each) => this.takeDown(each, order)));
    await Promise.all(others.map((other) => subject(this.world, other).start()));
    const process = subject(this.world, name);
    if (!at) return process.start();
    const point = occurrence === 1 ? at.name : `${at.name}#${occurrence}`;
    this.needs.set(name, at.need);
    try {
      await process.start(point, { powerLoss: this.powerLoss });
      const died = await this.diesInTime(process.ended);
      if (died) {
        this.tally.atPoint(at);
        this.onKill(`${name} at ${point}`);
      } else {
        this.orders.missed(order);
        await process.kill();
        this.tally.atInstants += 1;
        this.onKill(`${name}, which did not come by ${point}`);
      }
    } finally {
      this.needs.delete(name);
    }
    await process.start();
  }

  private async takeDown(name: string, { gently, afterMs }: KillOrder): Promise<void> {
    const process = subject(this.world, name);
    if (gently) {
      await process.stop();
      this.tally.stops += 1;
      return;
    }
    await process.kill();
    this.tally.atInstants += 1;
    this.onKill(`${name} after ${afterMs} ms`);
  }

  /** Waits no longer than the test goes on. */
  private async diesInTime(ended: Promise<void>): Promise<boolean> {
    let died = false;
    void ended.then(() => {
      died = true;
    });
    for (const deadline = Date.now() + PATIENCE_MS; !died && !this.hasEnded && Date.now() < deadline; )
      await Promise.race([ended, pause(100)]);
    return died;
  }
}
