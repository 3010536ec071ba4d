import { type Logger } from 'pino';

/** What a process gives the service that runs in it. */
export interface Surroundings {
  readonly logger: Logger;
  /** Ends the process, at once: called when what is in memory can no longer become durable. */
  readonly onFailure: (error: unknown) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** May hold the store key, which is removed from it. */
  readonly environment?: Record<string, string | undefined>;
}
