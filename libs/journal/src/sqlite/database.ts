/** An embedded database file: every commit is on disk when it returns, and one process has the file. */
import { basename } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { exitCodes, failpoint, faultOf, HostFault, ownerOnlyDatabase } from '@secagg/host';
import { SecaggError } from '@secagg/schema';
import Libsql from 'libsql';

export type SqlValue = string | number | Uint8Array | null;
/** A row in the order of the selected columns; byte strings come as `Uint8Array`. */
export type Row = readonly SqlValue[];

export interface Migration {
  readonly number: number;
  readonly sql: string;
}

/** Thrown when another process holds the file: two nodes over one ledger would each spend it. */
export class DatabaseInUse extends HostFault {
  constructor(message: string) {
    super(exitCodes.inUse, message);
  }
}

export class Database {
  private readonly statements = new Map<string, Libsql.Statement>();
  private depth = 0;

  private constructor(
    private readonly db: Libsql.Database,
    private readonly unlock: () => void,
    private readonly isShared: boolean,
  ) {}

  /**
   * Opens or creates the file (readable by its owner only) and brings it to the newest migration.
   * Throws {@link DatabaseInUse}, or an error when the file was made by a newer version.
   * @param readable others may read it meanwhile, for backups; by default nobody can
   * @param groupAccess the file's group may read and write it
   */
  static open(
    path: string,
    migrations: readonly Migration[],
    { readable = false, groupAccess = false } = {},
  ): Database {
    ownerOnlyDatabase(path, groupAccess);
    const unlock = readable ? lock(`${path}.lock`, groupAccess) : () => undefined;
    const db = new Libsql(path, { timeout: OPEN_TIMEOUT_MS });
    try {
      // Before WAL: the lock is then taken for good with the first access.
      if (!readable) db.pragma('locking_mode=EXCLUSIVE');
      const database = new Database(db, unlock, readable);
      database.checkSound();
      db.pragma('journal_mode=WAL');
      db.pragma('synchronous=FULL');
      db.pragma('secure_delete=ON');
      database.migrate(path, migrations);
      // From here on callers wait without blocking the event loop (`unlocked`).
      db.pragma(`busy_timeout=${BUSY_TIMEOUT_MS}`);
      return database;
    } catch (error) {
      const fault = faultOf(error);
      close(db, fault.exitCode !== exitCodes.corrupt);
      unlock();
      if (fault.exitCode === exitCodes.inUse) throw new DatabaseInUse(`${path} is in use by another process`);
      if (fault.exitCode === exitCodes.software || fault === error) throw error;
      throw new HostFault(fault.exitCode, `${path}: ${fault.message}`, { cause: error });
    }
  }

  // Values are passed as one array: the driver takes a single object, also a byte string or null, for named parameters.

  run(sql: string, ...values: SqlValue[]): number {
    return unlessLocked(() => this.prepare(sql).run(values).changes);
  }

  get(sql: string, ...values: SqlValue[]): Row | undefined {
    // The driver's own `get` leaves the statement, and with it a read transaction, open.
    return this.all(sql, ...values)[0];
  }

  all(sql: string, ...values: SqlValue[]): Row[] {
    return unlessLocked(() => this.prepare(sql).raw().all(values) as unknown[][]).map((row) => row.map(fromDriver));
  }

  /**
   * All of it durable when this returns, or none of it. Inside another transaction it is a part of that one.
   * Throws `unavailable`, as the others do, when another process keeps the database locked: see {@link unlocked}.
   */
  transaction<T>(work: () => T): T {
    if (this.depth > 0) return work();
    this.depth += 1;
    try {
      unlessLocked(() => this.db.exec('BEGIN IMMEDIATE'));
      const result = work();
      this.db.exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk has rolled it back already; the driver's own transaction would then tell of that alone.
      if (this.db.inTransaction) this.db.exec('ROLLBACK');
      throw error;
    } finally {
      this.depth -= 1;
    }
  }

  /**
   * Waits until no other process keeps the database locked, so that what is written right after finds it free. The
   * event loop goes on meanwhile. Throws `unavailable` when that takes longer than `patienceMs`.
   */
  async unlocked(patienceMs = PATIENCE_MS): Promise<void> {
    if (!this.isShared) return;
    for (const sinceMs = performance.now(); ; await pause(LOOK_MS)) {
      try {
        return this.transaction(() => undefined);
      } catch (error) {
        if (!(error instanceof SecaggError) || performance.now() - sinceMs > patienceMs) throw error;
      }
    }
  }

  /** Writes the log back into the file and empties it, so that deleted content is nowhere any more. */
  checkpoint(): void {
    this.db.pragma('wal_checkpoint(TRUNCATE)');
  }

  /** Throws when nothing can be written. */
  checkWritable(): void {
    const version = Number(this.get('PRAGMA user_version')?.[0] ?? 0);
    failpoint('before-durable:check');
    this.transaction(() => {
      this.db.exec(`PRAGMA user_version = ${version}`);
      failpoint('in-durable:check');
    });
    failpoint('after-durable:check');
  }

  close(): void {
    if (!this.db.open) return;
    try {
      release(this.db);
    } finally {
      this.unlock();
    }
  }

  private prepare(sql: string): Libsql.Statement {
    const known = this.statements.get(sql);
    if (known) return known;
    const statement = this.db.prepare(sql) as Libsql.Statement;
    this.statements.set(sql, statement);
    return statement;
  }

  /** Damage is told before anything is written over it. */
  private checkSound(): void {
    const problem = this.get('PRAGMA quick_check(1)')?.[0];
    if (problem !== 'ok') throw Object.assign(new Error(String(problem)), { code: 'SQLITE_CORRUPT' });
  }

  private migrate(path: string, migrations: readonly Migration[]): void {
    const current = Number(this.get('PRAGMA user_version')?.[0] ?? 0);
    const newest = migrations.at(-1)?.number ?? 0;
    if (current > newest)
      throw new HostFault(
        exitCodes.config,
        `${path} was written by a newer version (migration ${current}; this one knows ${newest})`,
      );
    for (const { number, sql } of migrations) {
      if (number <= current) continue;
      const name = `${basename(path, '.db')}/migration`;
      failpoint(`before-durable:${name}`);
      this.transaction(() => {
        this.db.exec(sql);
        this.db.exec(`PRAGMA user_version = ${number}`);
        failpoint(`in-durable:${name}`);
      });
      failpoint(`after-durable:${name}`);
    }
  }
}

/**
 * Keeps other processes of this program out until the returned function is called or the process ends, however it ends,
 * by a lock on a file of its own: the database itself stays readable.
 */
function lock(path: string, groupAccess: boolean): () => void {
  ownerOnlyDatabase(path, groupAccess);
  const guard = new Libsql(path, { timeout: OPEN_TIMEOUT_MS });
  try {
    guard.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    guard.close();
    if (faultOf(error).exitCode === exitCodes.inUse)
      throw new DatabaseInUse(`${path.replace(/\.lock$/, '')} is in use by another process`);
    throw error;
  }
  return () => {
    if (guard.inTransaction) guard.exec('ROLLBACK');
    guard.close();
  };
}

/** How long opening waits for another process, in milliseconds. */
const OPEN_TIMEOUT_MS = 2000;
/** How long a single statement does, with the event loop held up. */
const BUSY_TIMEOUT_MS = 10;
/** How often a locked database is looked at, and for how long. */
const LOOK_MS = 40;
const PATIENCE_MS = 5000;

/** What another process keeps from being done now can be done later. */
function unlessLocked<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (faultOf(error).exitCode !== exitCodes.inUse) throw error;
    throw Object.assign(new SecaggError('unavailable', 'another process has locked the database'), { cause: error });
  }
}

/** After a failure: what went wrong first is what is told. A damaged file is not written, not even its header. */
function close(db: Libsql.Database, mayWrite: boolean): void {
  try {
    if (mayWrite) release(db);
    else db.close();
  } catch {
    // The process is about to end.
  }
}

/** The driver leaves the file open for as long as statements are in memory, so the lock is given up first. */
function release(db: Libsql.Database): void {
  try {
    db.pragma(`busy_timeout=${CLOSE_TIMEOUT_MS}`);
    foldLog(db);
    db.pragma('locking_mode=NORMAL');
    db.pragma('user_version');
  } finally {
    db.close();
  }
}

/** While somebody reads the file, for a backup say, its log stays beside it, and the next start folds it in. */
function foldLog(db: Libsql.Database): void {
  try {
    db.pragma('journal_mode=DELETE');
  } catch (error) {
    if (faultOf(error).exitCode !== exitCodes.inUse) throw error;
  }
}

/** How long closing waits for another process, in milliseconds. */
const CLOSE_TIMEOUT_MS = 500;

/** The driver gives blobs as Buffer or ArrayBuffer. */
function fromDriver(value: unknown): SqlValue {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return Buffer.isBuffer(value) ? new Uint8Array(value.buffer, value.byteOffset, value.length) : (value as SqlValue);
}
