/**
 * A folder that fleet documents are put into by other means than the coordinator: policy.cbor, roster.cbor and
 * freshness.cbor, as the authority's folder has them. Looked at again whenever one of the files has changed.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { freshnessProofMessage, SecaggError, signedMessage } from '@secagg/schema';
import { type Logger } from 'pino';
import { describe, type FleetKeeper } from './fleet-keeper';

const FILES = ['policy.cbor', 'roster.cbor', 'freshness.cbor'] as const;

export class DocumentsFolder {
  private seen = '';

  constructor(
    private readonly path: string,
    private readonly fleet: Pick<FleetKeeper, 'take' | 'takeStatement'>,
    private readonly log: Logger,
  ) {}

  /** Takes what is newer; what is not, or does not hold, is told of once and left alone. */
  look(): void {
    const now = FILES.map((file) => this.stamp(file)).join();
    if (now === this.seen) return;
    this.seen = now;
    const [policy, roster, freshness] = FILES.map((file) => this.read(file));
    if (policy && roster)
      this.offer('policy.cbor and roster.cbor', () =>
        this.fleet.take({ policy: signedMessage.decode(policy), roster: signedMessage.decode(roster) }),
      );
    if (freshness)
      this.offer('freshness.cbor', () => this.fleet.takeStatement(freshnessProofMessage.decode(freshness)));
  }

  private offer(what: string, take: () => void): void {
    try {
      take();
    } catch (error) {
      if (!(error instanceof SecaggError)) throw error;
      if (error.code === 'unavailable') {
        // The database is locked for now: the files are looked at again.
        this.seen = '';
        return;
      }
      this.log.warn({ folder: this.path, what, detail: describe(error) }, 'documents in the folder are not taken');
    }
  }

  private stamp(file: string): string {
    const stat = statSync(join(this.path, file), { throwIfNoEntry: false });
    return stat ? `${stat.ino}/${stat.mtimeMs}/${stat.size}` : '-';
  }

  private read(file: string): Uint8Array | undefined {
    try {
      return new Uint8Array(readFileSync(join(this.path, file)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.log.warn(
          { folder: this.path, file, code: (error as NodeJS.ErrnoException).code },
          'a document cannot be read',
        );
      return undefined;
    }
  }
}
