/** Scoring in a router's own process: priors are fetched when they change, a choice needs no HTTP. */
import { randomBytes } from 'node:crypto';
import {
  indexPriors,
  type PriorIndex,
  type PriorsPack,
  rank,
  type RankAnswer,
  type RankRequest,
  rankRequestSchema,
} from '@secagg/priors';
import { pause } from '../http/backoff';
import { type RouterNodeClient } from './router-node-client';

const WAIT_MS = 50_000;
const RETRY_MS = 2_000;

const uniform = (): number => randomBytes(6).readUIntBE(0, 6) / 2 ** 48;

export class LocalPriors {
  private held: { readonly pack: PriorsPack; readonly index: PriorIndex; readonly etag: string } | undefined;

  constructor(private readonly client: Pick<RouterNodeClient, 'priors'>) {}

  /** What is held; undefined before the first fetch. */
  get pack(): PriorsPack | undefined {
    return this.held?.pack;
  }

  /**
   * Fetches a newer pack, waiting for it up to `waitMs`. Throws as the client does; what is held stays then.
   * @returns whether there was a newer one
   */
  async refresh(waitMs = 0, signal?: AbortSignal): Promise<boolean> {
    const found = await this.client.priors(
      { waitMs, ...(this.held ? { etag: this.held.etag } : {}) },
      { timeoutMs: waitMs + 10_000, ...(signal ? { signal } : {}) },
    );
    if (found) this.held = { ...found, index: indexPriors(found.pack.priors) };
    return found !== undefined;
  }

  /** Keeps up until the signal is aborted; a node that is away for a while leaves what is held. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.refresh(WAIT_MS, signal);
      } catch {
        await pause(RETRY_MS, signal).catch(() => undefined);
      }
    }
  }

  /**
   * As `POST /v1/rank`, without asking anybody: before the first fetch every model is as good as the next. Throws for
   * what is no request.
   */
  rank(request: RankRequest): RankAnswer {
    return rank(this.held?.index ?? new Map(), rankRequestSchema.parse(request), uniform);
  }
}
