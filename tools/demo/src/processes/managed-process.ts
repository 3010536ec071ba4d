/** One process of the demo: a real one, started and killed from outside, its output in a log file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export interface ProcessSpec {
  readonly name: string;
  /** Script that node runs. */
  readonly script: string;
  readonly logFile: string;
  readonly environment: Readonly<Record<string, string>>;
  /** It goes on when this program ends. */
  readonly outlives: boolean;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 8_000;

export class ManagedProcess {
  private child: ChildProcess | undefined;
  private logStart = 0;
  private ended: Promise<void> = Promise.resolve();
  url = '';

  constructor(private readonly spec: ProcessSpec) {}

  get name(): string {
    return this.spec.name;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Starts it and waits until it listens. Throws with the end of its log when it ends instead. */
  async start(extraEnvironment: Readonly<Record<string, string>> = {}): Promise<void> {
    const { script, logFile, environment, outlives } = this.spec;
    const log = openSync(logFile, 'a');
    this.logStart = readLog(logFile).length;
    const child = spawn(process.execPath, ['--enable-source-maps', script], {
      env: { PATH: process.env.PATH ?? '', ...environment, ...extraEnvironment },
      stdio: ['ignore', log, log],
      detached: outlives,
    });
    closeSync(log);
    this.child = child;
    this.ended = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    for (const deadline = Date.now() + START_TIMEOUT_MS; ; await pause(25)) {
      const url = this.findUrl();
      if (url !== undefined) {
        this.url = url;
        return;
      }
      if (!this.isRunning || Date.now() > deadline) throw new Error(`${this.name} did not start:\n${this.lastLines()}`);
    }
  }

  /** As a power cut would: nothing is written, nothing is said. */
  async kill(): Promise<void> {
    this.child?.kill('SIGKILL');
    await this.ended;
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.child?.kill('SIGTERM');
    await Promise.race([this.ended, pause(STOP_TIMEOUT_MS, undefined, { ref: false })]);
    if (this.isRunning) await this.kill();
  }

  /** Without waiting, for when this program is about to end. */
  killNow(): void {
    if (this.isRunning) this.child?.kill('SIGKILL');
  }

  /** Lets this program end while the process goes on. */
  release(): void {
    this.child?.unref();
  }

  waitForEnd(): Promise<void> {
    return this.ended;
  }

  lastLines(count = 12): string {
    return readLog(this.spec.logFile)
      .subarray(this.logStart)
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .slice(-count)
      .join('\n');
  }

  /** Where it listens, from the log line that says so. */
  private findUrl(): string | undefined {
    const text = readLog(this.spec.logFile).subarray(this.logStart).toString('utf8');
    for (const line of text.split('\n')) {
      if (!line.startsWith('{') || !line.includes('listening')) continue;
      try {
        const { host, port } = JSON.parse(line) as { host?: unknown; port?: unknown };
        if (typeof port === 'number') return `http://${typeof host === 'string' ? host : '127.0.0.1'}:${port}`;
      } catch {
        // A line that is not written to its end yet.
      }
    }
    return undefined;
  }
}

const readLog = (file: string): Buffer => readFileSync(file);
