/** A PostgreSQL server of this bench's own, from the programs of this machine, with its data on the same disk as everything else here. */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const needed = ['initdb', 'pg_ctl', 'createdb'];

export class PostgresServer {
  private databases = 0;

  private constructor(
    private readonly programs: string,
    private readonly folder: string,
    private readonly port: number,
  ) {}

  /** Throws where PostgreSQL is not installed. */
  static start(): PostgresServer {
    const programs = programsFolder();
    const folder = mkdtempSync(join(tmpdir(), 'secagg-bench-postgres-'));
    const user = serverUser();
    if (user) chownSync(folder, user.uid, user.gid);
    const server = new PostgresServer(programs, folder, randomInt(20_000, 32_000));
    try {
      const data = join(folder, 'data');
      server.run('initdb', ['-D', data, '-U', 'secagg', '-A', 'trust', '-E', 'UTF8']);
      const options = `-p ${server.port} -k "" -c listen_addresses=127.0.0.1`;
      server.run('pg_ctl', ['-D', data, '-w', '-t', '60', '-l', join(folder, 'log'), '-o', options, 'start']);
    } catch (error) {
      server.stop();
      throw error;
    }
    return server;
  }

  /** URL of a new, empty database. */
  createDatabase(): string {
    const name = `bench_${++this.databases}`;
    this.run('createdb', ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'secagg', name]);
    return `postgres://secagg@127.0.0.1:${this.port}/${name}`;
  }

  /** Processor time that the server's processes have taken, of those that live, in seconds. */
  cpuSeconds(): number {
    const main = Number(readFileSync(join(this.folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
    return processes()
      .filter(({ pid, parent }) => pid === main || parent === main)
      .reduce((sum, { cpu }) => sum + cpu, 0);
  }

  stop(): void {
    spawnSync(join(this.programs, 'pg_ctl'), ['-D', join(this.folder, 'data'), '-m', 'immediate', '-w', 'stop'], {
      ...serverUser(),
      cwd: '/',
    });
    rmSync(this.folder, { recursive: true, force: true });
  }

  private run(program: string, args: string[]): void {
    // A server that stays would keep a pipe open, and this call waiting.
    const ended = spawnSync(join(this.programs, program), args, {
      ...serverUser(),
      cwd: '/',
      stdio: program === 'pg_ctl' ? 'ignore' : 'pipe',
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
    });
    if (ended.status !== 0) throw new Error(`${program} failed: ${String(ended.stderr ?? '')}`);
  }
}

/** Processor time of one process, in seconds. */
export const cpuSecondsOf = (pid: number): number => processes().find((found) => found.pid === pid)?.cpu ?? 0;

/** On PATH, or where Debian keeps them. */
function programsFolder(): string {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian)
    ? readdirSync(debian)
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => join(debian, version, 'bin'))
    : [];
  const found = [...(process.env.PATH ?? '').split(':'), ...versions].find((folder) =>
    needed.every((name) => existsSync(join(folder, name))),
  );
  if (found === undefined) throw new Error('PostgreSQL is not installed');
  return found;
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

/** Ticks of the kernel's clock in a second, as every Linux has them. */
const TICKS = 100;

function processes(): { pid: number; parent: number; cpu: number }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return { pid: Number(name), parent: Number(fields[1]), cpu: (Number(fields[11]) + Number(fields[12])) / TICKS };
      } catch {
        return [];
      }
    });
}
