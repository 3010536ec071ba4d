/**
 * What the service takes on at once, and from whom. Whatever is above is refused at once, with the time to come back, before a body is
 * read: a refusal costs a fraction of the work, so that under any load most of the time goes into what was taken.
 *
 *   requests at work   from the whole body until the reply leaves, which waits for the disk: this is the queue
 *   bytes of bodies    that are being read or worked on, as they come in: a slow sender holds no more than it has sent
 *   waits              long polls, which cost memory alone
 *   per address        requests per second, and waits at once
 *   per router         the same; an id counts per address, so that nobody uses up another's
 */
import { SecaggError } from '@secagg/schema';
import { RetrySchedule } from './retry-schedule';
import { TokenBuckets } from './token-buckets';

export interface GateLimits {
  readonly requestsAtWork: number;
  readonly bodyBytes: number;
  readonly waits: number;
  readonly waitsPerAddress: number;
  readonly waitsPerRouter: number;
  readonly perAddressPerSecond: number;
  readonly perAddressBurst: number;
  readonly perRouterPerSecond: number;
  readonly perRouterBurst: number;
  /** Addresses, and routers, that are remembered. */
  readonly rememberedCallers: number;
  /** Longest time a caller is told to wait, in milliseconds. */
  readonly retryAfterMostMs: number;
}

/** Requests a second that a small machine serves: where the schedule of those turned away starts. */
const FIRST_RATE = 200;

export class Gate {
  private atWork = 0;
  private bytes = 0;
  private waiting = 0;
  private readonly waitingOf = new Map<string, number>();
  private readonly addresses: TokenBuckets;
  private readonly routers: TokenBuckets;
  private readonly schedule: RetrySchedule;

  /** @param now milliseconds that never go back */
  constructor(
    private readonly limits: GateLimits,
    private readonly now: () => number,
  ) {
    const callers = limits.rememberedCallers;
    this.addresses = new TokenBuckets({
      perSecond: limits.perAddressPerSecond,
      burst: limits.perAddressBurst,
      callers,
    });
    this.routers = new TokenBuckets({ perSecond: limits.perRouterPerSecond, burst: limits.perRouterBurst, callers });
    this.schedule = new RetrySchedule(FIRST_RATE, limits.retryAfterMostMs);
  }

  /** At the first line of a request. Throws `overloaded` for an address that sends too many. */
  arrive(address: string): void {
    const waitMs = this.addresses.take(address, this.now());
    if (waitMs > 0)
      throw new SecaggError('overloaded', 'too many requests from this address', {
        retryAfterS: Math.ceil(waitMs / 1000),
      });
  }

  /** Before a body is read. Throws `unavailable` when the queue is full. */
  admit(): void {
    const full = this.turnedAwayWhenFull();
    if (full) throw full;
  }

  turnedAwayWhenFull(): SecaggError | undefined {
    return this.atWork >= this.limits.requestsAtWork
      ? this.turnedAway('more requests are waiting than can be served soon')
      : undefined;
  }

  /** A body has been read: the request is in the queue until the returned function is called. */
  work(): () => void {
    this.atWork += 1;
    return once(() => {
      this.atWork -= 1;
      this.schedule.served(this.now());
    });
  }

  /** Bytes of a body have come in. Throws `unavailable` when there is no room for them. */
  hold(bytes: number): void {
    if (this.bytes + bytes > this.limits.bodyBytes) throw this.turnedAway('more is being sent than can be held');
    this.bytes += bytes;
  }

  letGo(bytes: number): void {
    this.bytes -= bytes;
  }

  /** A router, as it calls itself, asks for something. Throws `overloaded`. */
  router(id: string, address: string): void {
    const waitMs = this.routers.take(`${id} ${address}`, this.now());
    if (waitMs > 0)
      throw new SecaggError('overloaded', 'too many requests of this router', {
        retryAfterS: Math.ceil(waitMs / 1000),
      });
  }

  /**
   * A long poll begins, and lasts until the returned function is called. Throws `unavailable` when too many wait, `overloaded` when
   * the caller waits too often.
   * @param id as the caller calls itself, where it does
   */
  wait(address: string, id?: string): () => void {
    if (this.waiting >= this.limits.waits) throw this.turnedAway('too many wait already');
    const counted = [
      [address, this.limits.waitsPerAddress],
      ...(id === undefined ? [] : [[`${id} ${address}`, this.limits.waitsPerRouter] as const]),
    ] as const;
    if (counted.some(([key, most]) => (this.waitingOf.get(key) ?? 0) >= most))
      throw new SecaggError('overloaded', 'this caller waits often enough already', { retryAfterS: 5 });
    this.waiting += 1;
    for (const [key] of counted) this.waitingOf.set(key, (this.waitingOf.get(key) ?? 0) + 1);
    return once(() => {
      this.waiting -= 1;
      for (const [key] of counted) {
        const left = (this.waitingOf.get(key) ?? 1) - 1;
        if (left > 0) this.waitingOf.set(key, left);
        else this.waitingOf.delete(key);
      }
    });
  }

  private turnedAway(why: string): SecaggError {
    return new SecaggError('unavailable', why, { retryAfterS: this.schedule.turnAway(this.now()) });
  }
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
}
