/**
 * Contributions of many rounds, made ahead of time and kept in a file: together they are more than memory should hold.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { type FleetView, type Identity } from '@secagg/protocol';
import { type OpenRound, roundConfigMessage } from '@secagg/schema';
import { prepareContributions } from '../http/contributions';

export interface StoredBody {
  readonly round: number;
  readonly offset: number;
  readonly length: number;
}

const CHUNK = 250;

export class StoredBodies {
  readonly list: StoredBody[] = [];
  private readonly file: number;
  private end = 0;

  constructor(path: string) {
    this.file = openSync(path, 'w+', 0o600);
  }

  /** Makes the contributions of these routers to a round; asynchronous, so that connections stay alive meanwhile. */
  async add(view: FleetView, open: OpenRound, routers: readonly Identity[]): Promise<void> {
    const { round } = roundConfigMessage.decode(open.announcement.body);
    for (let from = 0; from < routers.length; from += CHUNK) {
      for (const body of prepareContributions(view, open, routers.slice(from, from + CHUNK)).bodies) {
        writeSync(this.file, body, 0, body.length, this.end);
        this.list.push({ round, offset: this.end, length: body.length });
        this.end += body.length;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  read({ offset, length }: StoredBody): Uint8Array {
    const bytes = new Uint8Array(length);
    readSync(this.file, bytes, 0, length, offset);
    return bytes;
  }

  close(): void {
    closeSync(this.file);
  }
}
