/** A PostgreSQL server of one's own, from the programs of this machine. */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childrenOf, cpuSecondsOf } from './processes';

const needed = ['initdb', 'pg_ctl', 'createdb', 'psql', 'postgres'];

/** Folder of the server's programs: on PATH, or where Debian keeps them. Undefined where there is no server. */
function binaries(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian)
    ? readdirSync(debian)
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => join(debian, version, 'bin'))
    : [];
  return [...(process.env.PATH ?? '').split(':'), ...versions].find((folder) =>
    needed.every((name) => existsSync(join(folder, name))),
  );
}

/** The server refuses to run as root: it runs as its own user then, or as nobody. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const [, , uid, gid] = users.find(([name]) => name === 'postgres') ?? ['nobody', '', '65534', '65534'];
  return { uid: Number(uid), gid: Number(gid) };
}

export class TestPostgres {
  private databases = 0;

  private stopped = false;

  private constructor(
    private readonly programs: string,
    private readonly data: string,
    private port = 0,
  ) {}

  /**
   * Undefined where PostgreSQL is not installed: callers say loudly that they skip.
   * @param data in memory where that is possible, or on the disk that everything else here is on
   */
  static start(data: 'in-memory' | 'on-disk' = 'in-memory'): TestPostgres | undefined {
    const programs = binaries();
    if (!programs) return undefined;
    const base = data === 'in-memory' && existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
    const folder = mkdtempSync(join(base, 'secagg-postgres-'));
    const user = serverUser();
    if (user) chownSync(folder, user.uid, user.gid);
    chmodSync(folder, 0o700);
    const server = new TestPostgres(programs, join(folder, 'data'));
    server.run('initdb', [
      '-D',
      server.data,
      '-U',
      'secagg',
      '-A',
      'trust',
      '-E',
      'UTF8',
      ...(data === 'in-memory' ? ['--no-sync'] : []),
    ]);
    // Tests that fail early leave no server behind.
    process.once('exit', () => server.stop());
    for (let attempt = 1; ; attempt++) {
      server.port = randomInt(20_000, 32_000);
      try {
        server.startAgain();
        return server;
      } catch (error) {
        if (attempt === 5) throw error;
      }
    }
  }

  /** Waits until it takes connections. */
  startAgain(): void {
    const options = `-p ${this.port} -k "" -c listen_addresses=127.0.0.1 -c fsync=on -c dynamic_shared_memory_type=mmap -c max_connections=120`;
    this.run('pg_ctl', ['-D', this.data, '-w', '-t', '60', '-l', join(this.data, '..', 'log'), '-o', options, 'start']);
  }

  /** URL of a new, empty database. The password is not needed, and must never be seen anywhere. */
  createDatabase(): string {
    const name = `test_${++this.databases}`;
    this.run('createdb', ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'secagg', name]);
    return `postgres://secagg:${PASSWORD}@127.0.0.1:${this.port}/${name}`;
  }

  /** Ends all sessions of a database that stand inside a transaction; they are gone when this returns. */
  endTransactions(url: string): void {
    this.run('psql', [
      url,
      '-qAtc',
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'",
    ]);
  }

  /**
   * As a failover does: sessions of the database that are open now can only read from here on, while new ones can
   * write. Ended by {@link endFailover}.
   */
  failOver(url: string): void {
    const name = new URL(url).pathname.slice(1);
    this.run('psql', [url, '-qAtc', `ALTER DATABASE ${name} SET default_transaction_read_only = off`]);
    this.run('psql', [url, '-qAtc', 'ALTER SYSTEM SET default_transaction_read_only = on']);
    this.run('psql', [url, '-qAtc', 'SELECT pg_reload_conf()']);
  }

  endFailover(url: string): void {
    this.run('psql', [url, '-qAtc', 'ALTER SYSTEM RESET default_transaction_read_only']);
    this.run('psql', [url, '-qAtc', 'SELECT pg_reload_conf()']);
  }

  /**
   * As when the machine dies: every process of the server ends at once, and nothing more is written. They are gone when
   * this returns.
   */
  kill(): void {
    const all = this.pids();
    for (const pid of all) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
    while (all.some((pid) => existsSync(`/proc/${pid}`)))
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }

  /** Processor time that the server's processes have taken, of those that live, in seconds. */
  cpuSeconds(): number {
    return this.pids().reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);
  }

  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    spawnSync(join(this.programs, 'pg_ctl'), ['-D', this.data, '-m', 'immediate', '-w', 'stop'], {
      ...serverUser(),
      cwd: '/',
    });
    rmSync(join(this.data, '..'), { recursive: true, force: true });
  }

  private pids(): number[] {
    const main = Number(readFileSync(join(this.data, 'postmaster.pid'), 'utf8').split('\n')[0]);
    return [main, ...childrenOf(main)];
  }

  private run(program: string, args: string[]): void {
    // A server that stays would keep a pipe open, and this call waiting.
    const ended = spawnSync(join(this.programs, program), args, {
      ...serverUser(),
      cwd: '/',
      stdio: program === 'pg_ctl' ? 'ignore' : 'pipe',
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
    });
    if (ended.status !== 0)
      throw new Error(
        `${program}: ${String(ended.stderr ?? '')} ${existsSync(join(this.data, '..', 'log')) ? readFileSync(join(this.data, '..', 'log'), 'utf8').slice(-2000) : ''}`,
      );
  }
}

export const PASSWORD = 'a-password-that-nobody-may-see';
