/** Tells the observation store how rounds ended, again and again until it has done what follows. */
import { type Logger } from 'pino';
import { type ObservationStore } from '../observations/observation-store';
import { type Release } from '../store/claims';
import { type DataReleaseTable } from '../store/data-releases';

const RETRY_MS = 1000;

export class DataReleases {
  private isBusy = false;
  private retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly table: DataReleaseTable,
    private readonly observations: Pick<ObservationStore, 'release'>,
    private readonly log: Logger,
  ) {}

  /**
   * The round has ended. Part of the caller's transaction, or a step of its own; the store is told when that is over.
   */
  end(roundKey: string, release: Release): void {
    this.table.put(roundKey, release);
    queueMicrotask(() => void this.tell());
  }

  /** Releases everything that is due. Throws when that fails. */
  async releaseAll(): Promise<void> {
    for (let [next] = this.table.all(); next; [next] = this.table.all()) {
      await this.observations.release(next);
      this.table.remove(next.roundKey);
    }
  }

  stop(): void {
    clearTimeout(this.retry);
    this.isBusy = true;
  }

  private async tell(): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      await this.releaseAll();
      this.isBusy = false;
    } catch (error) {
      this.log.error({ error }, 'the data of a round could not be released: tried again');
      this.retry = setTimeout(() => {
        this.isBusy = false;
        void this.tell();
      }, RETRY_MS).unref();
    }
  }
}
