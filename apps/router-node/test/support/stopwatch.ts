/** What a coordinator, or anybody who sees the packets, can time of a router: from an announcement to its next poll. */
import { type IncomingMessage, type ServerResponse } from 'node:http';

export class Stopwatch {
  private readonly announcedMs = new Map<string, number>();
  private readonly gapsMs = new Map<string, number>();

  /** To be told of every request. */
  see({ url = '' }: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const router = searchParams.get('router');
    if (!pathname.endsWith('/rounds/open') || router === null) return;
    const announced = this.announcedMs.get(router);
    if (announced !== undefined && !this.gapsMs.has(router)) this.gapsMs.set(router, performance.now() - announced);
    // As it is handed over: never later than the router sees it, however busy this process is.
    response.on('prefinish', () => {
      if (response.statusCode !== 200 || this.announcedMs.has(router)) return;
      this.announcedMs.set(router, performance.now());
    });
  }

  /** Before the next round. */
  reset(): void {
    this.announcedMs.clear();
    this.gapsMs.clear();
  }

  /** When the router was handed the announcement; undefined before. */
  announced(router: string): number | undefined {
    return this.announcedMs.get(router);
  }

  /** From then to its next poll; undefined before. */
  gap(router: string): number | undefined {
    return this.gapsMs.get(router);
  }
}
