/** What a node that has stopped keeps of its own requests, by key: as rounds and priors have them. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { addStatistics, noOwnStatistics } from '@secagg/priors';
import { atRest } from '@secagg/crypto';
import { openObservationTables } from '../../src/store/observation-tables';

export interface OwnSums {
  readonly requests: number;
  readonly successes: number;
  /** Seconds, to the millisecond. */
  readonly latency: number;
  /** Requests whose cost per token is known. */
  readonly priced: number;
  readonly scored: number;
}

/** @param environment the node's settings */
export async function ownSums(environment: Readonly<Record<string, string>>): Promise<Record<string, OwnSums>> {
  const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
  const storeKey = await atRest(new Uint8Array(readFileSync(environment.SECAGG_STORE_KEY_FILE)), random);
  const tables = openObservationTables({
    dataDir: environment.SECAGG_DATA_DIR,
    hash: (requester) => requester,
    sealing: { storeKey, router: environment.SECAGG_ID, random },
  });
  const sumsOf = (key: string): OwnSums => {
    const { count, successes, latency, quality, cost } = tables.own
      .bucketsOf(key)
      .reduce((total, { statistics }) => addStatistics(total, statistics), noOwnStatistics);
    return {
      requests: count,
      successes,
      latency: Math.round(latency.sum * 1e3) / 1e3,
      priced: cost.count,
      scored: quality.count,
    };
  };
  const sums = Object.fromEntries(tables.own.keys().map((key) => [key, sumsOf(key)]));
  tables.close();
  return sums;
}
