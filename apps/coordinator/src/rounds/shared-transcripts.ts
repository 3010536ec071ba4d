import { type Bytes } from '@secagg/schema';

type Read = (key: string) => Promise<Bytes | undefined>;

/** How long the latest transcript is kept in memory after it was asked for, in milliseconds. */
const KEPT_MS = 10_000;

/**
 * Transcripts as all routers fetch them right after the publication of a round: one copy in memory, and one reading,
 * for all of them. A transcript has all contributions of its round, so a copy for each would be many times that.
 */
export class SharedTranscripts {
  private latest: { readonly key: string; readonly body: Promise<Bytes | undefined> } | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly source: { readonly transcript: Read }) {}

  /** As the source gives it. */
  async transcript(key: string): Promise<Bytes | undefined> {
    const { latest } = this;
    const shared = latest?.key === key ? latest : { key, body: this.source.transcript(key) };
    this.latest = shared;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.forget(), KEPT_MS).unref();
    try {
      const body = await shared.body;
      if (body === undefined && this.latest === shared) this.forget();
      return body;
    } catch (error) {
      if (this.latest === shared) this.forget();
      throw error;
    }
  }

  private forget(): void {
    this.latest = undefined;
  }
}
