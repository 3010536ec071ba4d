/**
 * Admission control: how many requests, bytes and long polls the service accepts at once, and from whom. A request
 * above a limit is refused before its body is read, with the time to retry. A refusal is cheap, so most of the time
 * goes into accepted requests.
 *
 *   requests at work   from the whole body until the reply leaves, which waits for the disk: this is the queue
 *   bytes of bodies    that are being read or worked on, as they arrive: a slow sender holds no more than it has sent
 *   waits              long polls, which cost memory alone
 *   per address        requests per second, and waits at once
 *   per router         the same; an id is counted per address, so that nobody can use up the limit of another router
 */
import { SecaggError } from '@secagg/schema';
import { RetrySchedule } from './retry-schedule';
import { RateLimit } from './rate-limit';

export interface AdmissionLimits {
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

/** Requests a second that a small machine serves: the first estimate for the times to retry. */
const FIRST_RATE = 200;

export class Admission {
  private atWork = 0;
  private bytes = 0;
  private waiting = 0;
  private readonly waitingOf = new Map<string, number>();
  private readonly addresses: RateLimit;
  private readonly routers: RateLimit;
  private readonly schedule: RetrySchedule;

  /** @param now milliseconds that never go back */
  constructor(
    private readonly limits: AdmissionLimits,
    private readonly now: () => number,
  ) {
    const callers = limits.rememberedCallers;
    this.addresses = new RateLimit({
      perSecond: limits.perAddressPerSecond,
      burst: limits.perAddressBurst,
      callers,
    });
    this.routers = new RateLimit({ perSecond: limits.perRouterPerSecond, burst: limits.perRouterBurst, callers });
    this.schedule = new RetrySchedule(FIRST_RATE, limits.retryAfterMostMs);
  }

  /** Counts a request of an address. Throws `overloaded` when it sends too many. */
  countRequest(address: string): void {
    const waitMs = this.addresses.take(address, this.now());
    if (waitMs > 0)
      throw new SecaggError('overloaded', 'too many requests from this address', {
        retryAfterS: Math.ceil(waitMs / 1000),
      });
  }

  /** Called before a body is read. Throws `unavailable` when the queue is full. */
  requireRoom(): void {
    const full = this.refusalWhenFull();
    if (full) throw full;
  }

  /** The refusal of {@link requireRoom}, if the queue is full. */
  refusalWhenFull(): SecaggError | undefined {
    return this.atWork >= this.limits.requestsAtWork
      ? this.refusal('more requests are waiting than can be served soon')
      : undefined;
  }

  /** A body has been read: the request is in the queue until the returned function is called. */
  beginWork(): () => void {
    this.atWork += 1;
    return once(() => {
      this.atWork -= 1;
      this.schedule.served(this.now());
    });
  }

  /** Bytes of a body have arrived. Throws `unavailable` when there is no room for them. */
  reserveBytes(bytes: number): void {
    if (this.bytes + bytes > this.limits.bodyBytes) throw this.refusal('more is being sent than can be held');
    this.bytes += bytes;
  }

  releaseBytes(bytes: number): void {
    this.bytes -= bytes;
  }

  /** Counts a request of a router, by the id it claims. Throws `overloaded` when it sends too many. */
  countRouter(id: string, address: string): void {
    const waitMs = this.routers.take(`${id} ${address}`, this.now());
    if (waitMs > 0)
      throw new SecaggError('overloaded', 'too many requests of this router', {
        retryAfterS: Math.ceil(waitMs / 1000),
      });
  }

  /**
   * A long poll begins, and lasts until the returned function is called. Throws `unavailable` when too many wait,
   * `overloaded` when the caller waits too often.
   * @param id as the caller calls itself, where it does
   */
  beginWait(address: string, id?: string): () => void {
    if (this.waiting >= this.limits.waits) throw this.refusal('too many wait already');
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

  private refusal(why: string): SecaggError {
    return new SecaggError('unavailable', why, { retryAfterS: this.schedule.next(this.now()) });
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
