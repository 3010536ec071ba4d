/**
 * A router that sends its contribution as a router-node does: the same bytes until there is a receipt, no sooner than
 * it was told.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { backoffDelay, type CoordinatorClient, waitAfter } from '@secagg/client';
import { SecaggError } from '@secagg/schema';

/** What happened to requests. */
export interface Tally {
  sent: number;
  accepted: number;
  /** Refused with a time to come back. */
  toldToRetry: number;
  /** Codes and numbers of whatever else was answered, or not. */
  readonly failed: Map<string, number>;
  /** From the first attempt to the receipt, in milliseconds. */
  readonly latenciesMs: number[];
  /** Of receipts, in milliseconds of performance.now(). */
  readonly acceptedAtMs: number[];
}

export const emptyTally = (): Tally => ({
  sent: 0,
  accepted: 0,
  toldToRetry: 0,
  failed: new Map(),
  latenciesMs: [],
  acceptedAtMs: [],
});

const REQUEST_TIMEOUT_MS = 30_000;

/** @returns whether there is a receipt; false when `untilMs` (of performance.now()) came first */
export async function contributeUntilAccepted(
  client: CoordinatorClient,
  cluster: string,
  round: number,
  body: () => Uint8Array,
  untilMs: number,
  tally: Tally,
): Promise<boolean> {
  const startedMs = performance.now();
  for (let attempt = 1; performance.now() < untilMs; attempt++) {
    tally.sent += 1;
    let delayMs = backoffDelay({ firstMs: 100, mostMs: 5000 }, attempt, Math.random());
    try {
      await client.contribute(cluster, round, body(), { attempts: 1, timeoutMs: REQUEST_TIMEOUT_MS });
      tally.accepted += 1;
      tally.acceptedAtMs.push(performance.now());
      tally.latenciesMs.push(performance.now() - startedMs);
      return true;
    } catch (error) {
      if (!(error instanceof SecaggError)) throw error;
      if (typeof error.details.retryAfterMs === 'number') tally.toldToRetry += 1;
      else tally.failed.set(describe(error), (tally.failed.get(describe(error)) ?? 0) + 1);
      delayMs = waitAfter(error, delayMs, Math.random());
    }
    await pause(Math.min(delayMs, Math.max(0, untilMs - performance.now())));
  }
  return false;
}

const describe = (error: SecaggError): string => (error.details.unreachable === true ? error.message : error.code);
