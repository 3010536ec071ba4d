/** Priors as they are given out. */
import { type Prior, type PriorsPack } from '@secagg/priors';

export interface Served {
  readonly pack: PriorsPack;
  /** Of the whole pack, as HTTP has it. */
  readonly etag: string;
  /** The pack in JSON. */
  json(): string;
}

/** Priors as they come, some at a time, each as JSON at once: a large catalogue is never written in one go. */
export class Collected {
  readonly priors: Prior[] = [];
  private readonly pieces: string[] = [];

  add(priors: readonly Prior[]): void {
    this.priors.push(...priors);
    if (priors.length > 0) this.pieces.push(JSON.stringify(priors).slice(1, -1));
  }

  served(about: Omit<PriorsPack, 'priors'>, etag: string): Served {
    const head = JSON.stringify({ ...about, priors: [] }).slice(0, -2);
    return { pack: { ...about, priors: this.priors }, etag, json: () => `${head}${this.pieces.join()}]}` };
  }
}
