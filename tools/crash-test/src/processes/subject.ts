/** One process of a crash test: a real one, which kills itself at a named point or is killed from outside, and is started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, rmSync, type WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { filesBelow, losePower } from '../power/power-loss';
import { traced } from '../power/strace';

export interface SubjectSpec {
  readonly name: string;
  /** Script that node runs. */
  readonly script: string;
  readonly configFile: string;
  readonly logFile: string;
  readonly dataDir: string;
  /** Gets the names of all crash points that the process comes by. */
  readonly traceFile: string;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const KEPT_LINES = 15;

export class Subject {
  private child: ChildProcess | undefined;
  private readonly log: WriteStream;
  private lines: string[] = [];
  private expectsKill = false;
  private expectsStop = false;
  /** Puts the data folder back to what had been synced, once the process has ended. */
  private powerLoss: (() => Promise<string[]>) | undefined;
  ended: Promise<void> = Promise.resolve();
  /** While it listens. */
  url: string | undefined;

  /**
   * @param onListening told where it listens, each time it has been started
   * @param onUnexpected told when it ends in another way than it was meant to
   */
  constructor(
    private readonly spec: SubjectSpec,
    private readonly onListening: (url: string) => void,
    private readonly onUnexpected: (problem: string) => void,
  ) {
    this.log = createWriteStream(spec.logFile, { flags: 'a' });
  }

  get name(): string {
    return this.spec.name;
  }

  /** Written while the power is to go. */
  get straceFile(): string {
    return `${this.spec.logFile}.strace`;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /**
   * Starts it, and returns when it listens or has ended.
   * @param point where it is to kill itself: `name` or `name#k`
   * @param powerLoss the power goes then as well: before the next start, its data folder is put back to what had been synced
   * @param sockets what it reads is written down as well, with `powerLoss`
   */
  async start(point?: string, { powerLoss = false, sockets = false } = {}): Promise<void> {
    const { script, configFile, traceFile } = this.spec;
    await this.losePower();
    this.expectsKill = point !== undefined;
    this.expectsStop = false;
    this.log.write(`--- started${point === undefined ? '' : `, to die at ${point}`}\n`);
    const program = [process.execPath, '--enable-source-maps', script];
    const log = this.straceFile;
    const [command, args] = powerLoss ? traced(log, program, sockets) : [program[0], program.slice(1)];
    const before = powerLoss ? filesBelow(this.spec.dataDir) : new Map<string, Buffer>();
    rmSync(log, { force: true });
    const child = spawn(command, args, {
      env: {
        PATH: process.env.PATH ?? '',
        SECAGG_CONFIG: configFile,
        SECAGG_UNSAFE_CRASH_TRACE: traceFile,
        ...(point === undefined ? {} : { SECAGG_UNSAFE_CRASH_AT: point }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    if (powerLoss) this.powerLoss = () => losePower(this.spec.dataDir, before, log, child.pid as number);
    this.lines = [];
    this.ended = new Promise((resolve) =>
      child.once('exit', (code, signal) => {
        this.url = undefined;
        this.log.write(`--- ended with ${signal ?? code}\n`);
        this.judgeEnd(code, signal);
        resolve();
      }),
    );
    createInterface({ input: child.stderr }).on('line', (line) => this.keep(line));
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${this.name} did not start:\n${this.lastWords()}`)),
        START_TIMEOUT_MS,
      );
      const settle = () => {
        clearTimeout(timer);
        resolve();
      };
      void this.ended.then(settle);
      createInterface({ input: child.stdout }).on('line', (line) => {
        this.keep(line);
        const port = this.url === undefined && line.includes('listening') ? portOf(line) : undefined;
        if (port === undefined || !this.isRunning || this.child !== child) return;
        this.url = `http://127.0.0.1:${port}`;
        this.onListening(this.url);
        settle();
      });
    });
  }

  /** As a power cut would. */
  async kill(): Promise<void> {
    this.expectsKill = true;
    this.child?.kill('SIGKILL');
    await this.ended;
  }

  /** Once it has ended. Without effect unless the power was to go. */
  private async losePower(): Promise<void> {
    const { powerLoss } = this;
    this.powerLoss = undefined;
    const lost = await powerLoss?.();
    if (lost) this.log.write(`--- power lost; not synced: ${lost.join(', ') || 'nothing'}\n`);
  }

  /** Without waiting, for when this program is about to end. */
  killNow(): void {
    this.expectsKill = true;
    if (this.isRunning) this.child?.kill('SIGKILL');
  }

  /** In good order; anything but exit status 0 is unexpected. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.expectsStop = true;
    const timer = setTimeout(() => this.child?.kill('SIGKILL'), STOP_TIMEOUT_MS);
    this.child?.kill('SIGTERM');
    await this.ended;
    clearTimeout(timer);
  }

  closeLog(): Promise<void> {
    return new Promise((resolve) => this.log.end(resolve));
  }

  lastWords(): string {
    return this.lines.slice(-KEPT_LINES).join('\n');
  }

  private judgeEnd(code: number | null, signal: string | null): void {
    // Asked to stop while it was still starting, it ends at once.
    if (signal === 'SIGKILL' ? this.expectsKill : this.expectsStop && (code === 0 || signal === 'SIGTERM')) return;
    this.onUnexpected(`${this.name} ended with ${signal ?? `status ${code}`}:\n${this.lastWords()}`);
  }

  private keep(line: string): void {
    this.log.write(`${line}\n`);
    this.lines.push(line);
    if (this.lines.length > 4 * KEPT_LINES) this.lines = this.lines.slice(-KEPT_LINES);
  }
}

function portOf(line: string): number | undefined {
  try {
    const { port } = JSON.parse(line) as { port?: unknown };
    return typeof port === 'number' ? port : undefined;
  } catch {
    return undefined;
  }
}
