/** A second thread for large simulations, as the main thread sees it. */
import { Worker } from 'node:worker_threads';
import { type LocalFleet } from '@secagg/protocol';
import { workMessage } from '@secagg/schema';
import { Channel, createChannel } from './channel';
import { type FromHelper, type HelperData, type ToHelper } from './messages';

export interface HelperOptions {
  readonly requestsPerRouter: number;
  readonly trafficSeed: number;
  readonly seed?: string;
}

type Contributed = Extract<FromHelper, { kind: 'contributed' }>;

export class Helper {
  /** Committee members that the helper plays: the later half, or one more. */
  readonly members: ReadonlySet<number>;
  private readonly channel: Channel<ToHelper, FromHelper>;
  private readonly routers: ReadonlySet<string>;
  private contributed: Contributed | undefined;
  /** CPU milliseconds of each of its members so far in this round. */
  readonly memberMs = new Map<number, number>();

  /** @param script what the thread runs: must call `runHelper` when it is not the main thread */
  constructor(
    script: URL,
    private readonly fleet: LocalFleet,
    options: HelperOptions,
  ) {
    const { view, authority, routers, members } = fleet;
    const first = Math.floor(members.length / 2);
    this.members = new Set(members.slice(first).map((_, i) => first + i));
    // The main thread is the coordinator as well.
    const played = routers.filter((_, i) => i % 9 > 3);
    this.routers = new Set(played.map(({ identity }) => identity.id as string));
    const [ours, theirs] = createChannel();
    const data: HelperData = {
      channel: theirs,
      authorityKey: authority.publicKey,
      documents: view.documents,
      limits: routers[0].limits,
      routers: played.map(({ identity }) => identity),
      members: [...this.members].map((index) => ({
        index,
        party: members[index].identity,
        seats: members[index].state.seats,
      })),
      ...options,
    };
    const worker = new Worker(script, { workerData: data, transferList: [theirs.port] });
    worker.unref();
    this.channel = new Channel(ours);
  }

  plays(router: string): boolean {
    return this.routers.has(router);
  }

  /** Lets the helper's routers contribute; what they send is fetched with {@link passOn}. */
  startContributions(key: string, open: Uint8Array, routers: readonly string[], nowMs: number): void {
    this.channel.post({ kind: 'contribute', key, open, routers, nowMs });
  }

  /** Hands what has come from the helper's routers to the coordinator, and the receipts back. */
  passOn(key: string): void {
    for (let message = this.channel.poll(); message; message = this.channel.poll()) this.deliver(key, message);
  }

  /** As {@link passOn}, until all have contributed. */
  finishContributions(key: string): Contributed {
    while (!this.contributed) this.deliver(key, this.channel.take());
    const result = this.contributed;
    this.contributed = undefined;
    return result;
  }

  /**
   * Asks a member to do what the coordinator waits for; the answer is fetched with {@link finishWork}, in the same
   * order.
   */
  startWork(index: number, nowMs: number): void {
    const { coordinator, members } = this.fleet;
    const work = coordinator.work(members[index].identity.id, nowMs);
    const report = workMessage.decode(work).items.find((item) => item.kind === 'report');
    const views =
      report?.kind === 'report' ? coordinator.views(`${report.cluster}/${report.round}`, index as never) : undefined;
    this.channel.post({ kind: 'work', member: index, work, ...(views ? { views } : {}), nowMs });
  }

  finishWork(index: number): void {
    const message = this.channel.take();
    if (message.kind !== 'worked') throw outOfStep(message);
    const { coordinator } = this.fleet;
    for (const { method, args } of message.calls)
      (coordinator[method] as (...values: readonly unknown[]) => void).apply(coordinator, args as never);
    this.memberMs.set(index, (this.memberMs.get(index) ?? 0) + message.cpuMs);
  }

  forget(key: string): void {
    this.memberMs.clear();
    this.channel.post({ kind: 'forget', key });
  }

  end(): void {
    this.channel.post({ kind: 'end' });
    this.channel.close();
  }

  private deliver(key: string, message: FromHelper): void {
    if (message.kind === 'contributed') {
      this.contributed = message;
      return;
    }
    if (message.kind !== 'contribution') throw outOfStep(message);
    this.channel.post({
      kind: 'receipt',
      router: message.router,
      receipt: this.fleet.coordinator.contribute(key, message.bytes),
    });
  }
}

const outOfStep = (message: FromHelper): Error =>
  new Error(
    message.kind === 'failed' ? `the helper thread failed: ${message.problem}` : 'the helper thread is out of step',
  );
