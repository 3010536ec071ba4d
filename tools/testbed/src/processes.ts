/** Services as processes of their own, which tests and tools start, listen to, stop and kill. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

export interface ProcessSpec {
  readonly name: string;
  /** Script that node runs. */
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Largest file that the process may write, in blocks of 512 bytes. */
  readonly fileBlocks?: number;
  /** Makes another command of it, such as one that traces it. */
  readonly wrap?: (command: readonly string[]) => readonly string[];
  /** Told each line it says. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** What it says goes into this file by itself. */
  readonly logFile?: string;
  /** With a log file: it can go on when this program ends. */
  readonly outlives?: boolean;
}

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const START_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 20_000;
const POLL_MS = 15;
const KEPT_LINES = 60;

export class ServiceProcess {
  readonly name: string;
  /** How it ended; undefined while it runs. */
  exit: Ending | undefined;
  /** Resolves with how it ended, whoever ended it. */
  readonly ended: Promise<Ending>;
  /** Where it listens. Rejects, with what it said last, when it ends instead. */
  readonly port: Promise<number>;
  readonly url: Promise<string>;
  private readonly child: ChildProcess;
  private lines: string[] = [];
  private listensAt: number | undefined;
  private readonly logStart: number = 0;

  constructor(private readonly spec: ProcessSpec) {
    const {
      name,
      script,
      environment,
      nodeOptions = [],
      fileBlocks,
      wrap,
      logFile,
      outlives = false,
      cwd,
      uid,
      gid,
    } = spec;
    if (!existsSync(script)) throw new Error(`${script} is missing: build the apps first`);
    this.name = name;
    const program = [process.execPath, ...nodeOptions, script];
    const limited =
      fileBlocks === undefined ? program : ['sh', '-c', `ulimit -f ${fileBlocks}; exec "$@"`, 'sh', ...program];
    const [command, ...args] = wrap ? wrap(limited) : limited;
    const log = logFile === undefined ? 'pipe' : openSync(logFile, 'a');
    if (logFile !== undefined) this.logStart = readFileSync(logFile).length;
    this.child = spawn(command, args, {
      env: { PATH: process.env.PATH ?? '', ...environment },
      stdio: ['ignore', log, log],
      detached: outlives,
      ...(cwd === undefined ? {} : { cwd }),
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    if (typeof log === 'number') closeSync(log);
    for (const stream of ['stdout', 'stderr'] as const) {
      const input = this.child[stream];
      if (input) createInterface({ input }).on('line', (line) => this.hear(line, stream));
    }
    this.child.once('exit', (code, signal) => {
      this.exit = { code, signal };
    });
    this.ended = new Promise((resolve) => {
      // Once all that it said has come.
      this.child.once('close', () => resolve(this.exit as Ending));
      this.child.once('error', (error) => {
        this.hear(error.message, 'stderr');
        this.exit ??= { code: null, signal: null };
        resolve(this.exit);
      });
    });
    this.port = this.listening();
    this.url = this.port.then((port) => `http://127.0.0.1:${port}`);
    // Whoever starts several awaits them one after another.
    this.url.catch(() => undefined);
  }

  get pid(): number {
    return this.child.pid as number;
  }

  get isRunning(): boolean {
    return this.exit === undefined;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.child.kill(signal);
  }

  /** As a power cut would: nothing is written, nothing is said. */
  kill(): Promise<Ending> {
    this.signal('SIGKILL');
    return this.ended;
  }

  /** In good order; killed when it takes too long. */
  async stop(limitMs = STOP_LIMIT_MS): Promise<Ending> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), limitMs);
    const ending = await this.ended;
    clearTimeout(timer);
    return ending;
  }

  /** Lets this program end while the process goes on. */
  release(): void {
    this.child.unref();
  }

  /** What it said last. */
  lastWords(count = 20): string {
    return this.said().slice(-count).join('\n');
  }

  /** Resident set in MB: now (VmRSS), or the largest so far (VmHWM). Undefined where the system does not tell. */
  memoryMb(field: 'VmRSS' | 'VmHWM'): number | undefined {
    const status = `/proc/${this.pid}/status`;
    const found = existsSync(status)
      ? new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(status, 'utf8'))
      : null;
    return found ? Number(found[1]) / 1024 : undefined;
  }

  private hear(line: string, stream: 'stdout' | 'stderr'): void {
    this.lines.push(line);
    if (this.lines.length > 2 * KEPT_LINES) this.lines = this.lines.slice(-KEPT_LINES);
    this.listensAt ??= portIn(line);
    this.spec.onLine?.(line, stream);
  }

  private said(): string[] {
    const { logFile } = this.spec;
    if (logFile === undefined) return this.lines;
    return readFileSync(logFile).subarray(this.logStart).toString('utf8').trimEnd().split('\n');
  }

  private async listening(): Promise<number> {
    for (const end = performance.now() + START_LIMIT_MS; ; await pause(POLL_MS)) {
      if (this.spec.logFile !== undefined) this.listensAt = this.said().map(portIn).find(Number.isInteger);
      if (this.listensAt !== undefined) return this.listensAt;
      if (!this.isRunning || performance.now() > end) break;
    }
    if (!this.isRunning) await this.ended;
    throw new Error(`${this.name} did not start:\n${this.lastWords()}`);
  }
}

/** Of the log line that says where a service listens. */
function portIn(line: string): number | undefined {
  if (!line.startsWith('{') || !line.includes('listening')) return undefined;
  try {
    const { port } = JSON.parse(line) as { port?: unknown };
    return typeof port === 'number' ? port : undefined;
  } catch {
    // A line that is not written to its end yet.
    return undefined;
  }
}

/** Processes that a process has started and that live. */
export const childrenOf = (parent: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && statusOf(name)?.[1] === String(parent))
    .map(Number);

/** Ticks of the kernel's clock in a second, as every Linux has them. */
const TICKS = 100;

/** Processor time of one process, in seconds; 0 when it has ended. */
export function cpuSecondsOf(pid: number): number {
  const fields = statusOf(pid);
  return fields ? (Number(fields[11]) + Number(fields[12])) / TICKS : 0;
}

/** Fields of /proc/PID/stat from the third one on; undefined when it has ended. */
function statusOf(pid: number | string): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
