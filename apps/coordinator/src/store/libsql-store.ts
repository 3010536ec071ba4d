/** The embedded store: one libsql file, write-ahead log, every commit on disk before it counts (synchronous = FULL). */
import { type ClusterRecord, type RestoredFrom } from '@secagg/protocol';
import { type Bytes, type PartyId } from '@secagg/schema';
import Database from 'libsql';
import { messageOf } from '../error-message';
import { failpoint } from '../failpoint';
import { GroupCommit, lockedOut } from './group-commit';
import { kyselyOf } from './libsql-kysely';
import { migrate, sqliteTypes } from './migrate';
import { type MarkRow, restoredFrom } from './backup-mark';
import { migrations } from './migrations';
import { prepareStatements, type Statements } from './statements';
import {
  type CountRound,
  type FinishedRound,
  type JournalBatch,
  type JournalEntry,
  type RoundOutput,
  type Store,
  type StoredContribution,
  type UsedNonce,
} from './store';
import { SuspicionTable } from './suspicion-table';

/** Opens the database, creating it when it is missing. One process at a time: a second one is refused. */
export async function openLibsqlStore(path: string): Promise<Store> {
  const unlock = lock(path);
  const db = new Database(path, { timeout: OPEN_TIMEOUT_MS });
  try {
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = FULL');
    // The log is folded into the database every 16 MB: seldom enough to stay off the contribution path.
    db.exec('PRAGMA wal_autocheckpoint = 4096');
    await migrate(kyselyOf(db), sqliteTypes, migrations);
    // From here on a lock is waited for without holding up the event loop (group-commit.ts).
    db.exec('PRAGMA busy_timeout = 0');
    return new LibsqlStore(db, unlock);
  } catch (error) {
    db.close();
    unlock();
    throw error;
  }
}

/**
 * Keeps other processes out until the returned function is called or the process ends, however it ends. The lock is on
 * a file of its own: the driver keeps a closed connection, and what it has locked, while prepared statements are left.
 */
function lock(path: string): () => void {
  const guard = new Database(`${path}.lock`);
  try {
    guard.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    guard.close();
    throw new Error(`${path} is in use by another process (${messageOf(error)})`, { cause: error });
  }
  return () => {
    guard.exec('ROLLBACK');
    guard.close();
  };
}

class LibsqlStore implements Store {
  private readonly writes: GroupCommit;
  private readonly sql: Statements;
  private readonly suspicion: SuspicionTable;

  constructor(
    private readonly db: Database.Database,
    private readonly unlock: () => void,
  ) {
    this.sql = prepareStatements(db);
    this.suspicion = new SuspicionTable(this.sql);
    // A full disk has rolled it back already, and that it cannot be rolled back again is not what is to be told.
    const rollback = () => void (db.inTransaction && db.exec('ROLLBACK'));
    this.writes = new GroupCommit(
      { begin: () => db.exec('BEGIN IMMEDIATE'), commit: () => db.exec('COMMIT'), rollback },
      failpoint,
    );
  }

  append(batch: JournalBatch): Promise<void> {
    return this.writes.add({
      names: batch.entries.map((entry) => entry.type),
      isEssential: true,
      run: () => {
        for (const { type, roundKey, body, contribution } of batch.entries) {
          const { lastInsertRowid } = this.sql.insertEntry.run([roundKey ?? null, type, body]);
          if (contribution)
            this.sql.insertContribution.run([lastInsertRowid, roundKey, contribution.router, contribution.bytes]);
        }
        if (batch.nonce) this.sql.insertNonce.run([batch.nonce.operator, batch.nonce.nonce, batch.nonce.expiresAtMs]);
        if (batch.removesMark) this.sql.removeMark.run([]);
      },
    });
  }

  async *replay(): AsyncIterable<JournalEntry> {
    for (const row of this.sql.replay.iterate([]) as Iterable<ReplayRow>) {
      const { type, round_key, body, router, bytes } = row;
      yield {
        type,
        body: bytesOf(body),
        ...(round_key === null ? {} : { roundKey: round_key }),
        ...(router === null ? {} : { contribution: { router, bytes: bytesOf(bytes) } }),
      };
    }
  }

  async *contributions(roundKey: string, routers?: readonly PartyId[]): AsyncIterable<StoredContribution> {
    for (const router of routers ?? []) {
      const row = this.sql.contributionOfRouter.get([roundKey, router]) as ContributionRow | undefined;
      if (row) yield { router, bytes: bytesOf(row.bytes) };
    }
    if (routers) return;
    // A page at a time: a cursor left open between two reads would be reset by the next reader of the same statement.
    let after = '';
    for (;;) {
      const page = this.sql.contributionsAfter.all([roundKey, after, PAGE]) as ContributionRow[];
      for (const { router, bytes } of page) yield { router, bytes: bytesOf(bytes) };
      if (page.length < PAGE) return;
      after = page[page.length - 1].router;
    }
  }

  async nonces(nowMs: number): Promise<UsedNonce[]> {
    await this.writes.add({
      names: ['forget-nonces'],
      isEssential: false,
      run: () => void this.sql.forgetNonces.run([nowMs]),
    });
    const rows = this.sql.nonces.all([]) as { operator: string; nonce: Blob; expires_at_ms: number }[];
    return rows.map(({ operator, nonce, expires_at_ms }) => ({
      operator,
      nonce: bytesOf(nonce),
      expiresAtMs: expires_at_ms,
    }));
  }

  finishRound(round: FinishedRound, output?: RoundOutput, count?: CountRound): Promise<void> {
    const { key, cluster, phase, contributions, decision, finishedAtMs } = round;
    return this.writes.add({
      names: ['finish-round'],
      isEssential: false,
      run: () => {
        if (count && (this.sql.finishedRound.get([key]) as FinishedRow | undefined)?.phase !== 'published')
          this.suspicion.update(cluster, count);
        this.sql.putFinishedRound.run([
          key,
          cluster,
          round.round,
          phase,
          contributions,
          decision ?? null,
          finishedAtMs,
          output?.signal ?? null,
          output?.isEmpty ? 1 : 0,
        ]);
        if (output) this.sql.putTranscript.run([key, finishedAtMs, output.transcript]);
      },
    });
  }

  async finishedRound(roundKey: string): Promise<FinishedRound | undefined> {
    const row = this.sql.finishedRound.get([roundKey]) as FinishedRow | undefined;
    return row && finishedRoundOf(row);
  }

  async clusterRecords(cluster?: string): Promise<Map<string, ClusterRecord>> {
    return this.suspicion.read(cluster);
  }

  async transcript(roundKey: string): Promise<Bytes | undefined> {
    return optionalBytes(this.sql.transcript.get([roundKey]) as { body: Blob } | undefined);
  }

  async latestSignal(cluster: string): Promise<string | undefined> {
    return (this.sql.latestSignal.get([cluster]) as { signal: string } | undefined)?.signal;
  }

  async newestSignal(cluster: string): Promise<string | undefined> {
    return (this.sql.newestSignal.get([cluster]) as { signal: string } | undefined)?.signal;
  }

  releaseRound(roundKey: string, snapshot: Bytes): Promise<void> {
    return this.writes.add({
      names: ['release-round'],
      isEssential: true,
      run: () => {
        this.sql.removeContributions.run([roundKey]);
        this.sql.removeEntries.run([roundKey]);
        this.sql.removeSuperseded.run([]);
        this.sql.putSnapshot.run([snapshot]);
      },
    });
  }

  releaseEpochs(keys: readonly string[]): Promise<void> {
    return this.writes.add({
      names: ['release-epochs'],
      isEssential: true,
      run: () => {
        for (const key of keys) this.sql.removeEntries.run([key]);
      },
    });
  }

  async snapshot(): Promise<Bytes | undefined> {
    return optionalBytes(this.sql.snapshot.get([]) as { body: Blob } | undefined);
  }

  async backupMark(): Promise<RestoredFrom | undefined> {
    return restoredFrom(this.sql.mark.get([]) as MarkRow | undefined);
  }

  async pruneTranscripts(beforeMs: number): Promise<number> {
    let removed = 0;
    await this.writes.add({
      names: ['prune-transcripts'],
      isEssential: false,
      run: () => (removed = this.sql.pruneTranscripts.run([beforeMs]).changes),
    });
    return removed;
  }

  async pruneRecords(beforeMs: number): Promise<number> {
    let removed = 0;
    await this.writes.add({
      names: ['prune-records'],
      isEssential: false,
      run: () => (removed = this.sql.pruneRecords.run([beforeMs]).changes),
    });
    return removed;
  }

  async check(): Promise<void> {
    // A write, since a full or read-only disk still reads.
    await this.writes.add({ names: ['check'], isEssential: false, run: () => void this.sql.touch.run([]) });
  }

  get isLocked(): boolean {
    return this.writes.isLocked;
  }

  checkUnlocked(): void {
    if (this.writes.isLockedOut) throw lockedOut();
  }

  async close(): Promise<void> {
    this.db.exec(`PRAGMA busy_timeout = ${OPEN_TIMEOUT_MS}`);
    this.writes.close();
    this.db.close();
    this.unlock();
  }
}

/** How long to wait for a lock of another process when opening and closing, in milliseconds. */
const OPEN_TIMEOUT_MS = 5000;
/** Contributions read at once: up to 17 MB each, though most have some kilobytes. */
const PAGE = 16;

/** A BLOB as the driver gives it: a Buffer from a single row, an ArrayBuffer from one of many. */
type Blob = Buffer | ArrayBuffer;

const bytesOf = (blob: Blob): Bytes =>
  blob instanceof ArrayBuffer ? new Uint8Array(blob) : new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength);
const optionalBytes = (row: { body: Blob } | undefined): Bytes | undefined => row && bytesOf(row.body);

interface ContributionRow {
  router: PartyId;
  bytes: Blob;
}

interface ReplayRow {
  type: string;
  round_key: string | null;
  body: Blob;
  router: PartyId | null;
  bytes: Blob;
}

interface FinishedRow {
  round_key: string;
  cluster: string;
  round: number;
  phase: FinishedRound['phase'];
  contributions: number;
  decision: Blob | null;
  finished_at_ms: number;
}

const finishedRoundOf = (row: FinishedRow): FinishedRound => ({
  key: row.round_key,
  cluster: row.cluster,
  round: row.round,
  phase: row.phase,
  contributions: row.contributions,
  finishedAtMs: row.finished_at_ms,
  ...(row.decision ? { decision: bytesOf(row.decision) } : {}),
});
