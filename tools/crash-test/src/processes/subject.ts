/**
 * One process of a crash test: a real one, which kills itself at a named point or is killed from outside, and is
 * started again.
 */
import { createWriteStream, rmSync, type WriteStream } from 'node:fs';
import { type Ending, ServiceProcess } from '@secagg/testbed/processes';
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

const KEPT_LINES = 15;

export class Subject {
  private running: ServiceProcess | undefined;
  private readonly log: WriteStream;
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
    return this.running?.pid;
  }

  get isRunning(): boolean {
    return this.running?.isRunning ?? false;
  }

  /**
   * Starts it, and returns when it listens or has ended.
   * @param point where it is to kill itself: `name` or `name#k`
   * @param powerLoss the power goes then as well: before the next start, its data folder is put back to what had been
   * synced
   * @param sockets what it reads is written down as well, with `powerLoss`
   */
  async start(point?: string, { powerLoss = false, sockets = false } = {}): Promise<void> {
    const { script, configFile, traceFile } = this.spec;
    await this.losePower();
    this.expectsKill = point !== undefined;
    this.expectsStop = false;
    this.log.write(`--- started${point === undefined ? '' : `, to die at ${point}`}\n`);
    const log = this.straceFile;
    const before = powerLoss ? filesBelow(this.spec.dataDir) : new Map<string, Buffer>();
    rmSync(log, { force: true });
    const running = new ServiceProcess({
      name: this.name,
      script,
      nodeOptions: ['--enable-source-maps'],
      environment: {
        SECAGG_CONFIG: configFile,
        SECAGG_UNSAFE_CRASH_TRACE: traceFile,
        ...(point === undefined ? {} : { SECAGG_UNSAFE_CRASH_AT: point }),
      },
      onLine: (line) => this.log.write(`${line}\n`),
      ...(powerLoss ? { wrap: (command: readonly string[]) => traced(log, command, sockets).flat() } : {}),
    });
    this.running = running;
    if (powerLoss) this.powerLoss = () => losePower(this.spec.dataDir, before, log, running.pid);
    this.ended = running.ended.then((ending) => {
      this.url = undefined;
      this.log.write(`--- ended with ${ending.signal ?? ending.code}\n`);
      this.judgeEnd(ending);
    });
    const url = await running.url.catch((error: unknown) => {
      if (running.isRunning) throw error;
      return undefined;
    });
    if (url !== undefined && running.isRunning) {
      this.url = url;
      this.onListening(url);
    } else await this.ended;
  }

  /** As a power cut would. */
  async kill(): Promise<void> {
    this.expectsKill = true;
    this.running?.signal('SIGKILL');
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
    this.running?.signal('SIGKILL');
  }

  /** In good order; anything but exit status 0 is unexpected. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.expectsStop = true;
    await this.running?.stop();
    await this.ended;
  }

  closeLog(): Promise<void> {
    return new Promise((resolve) => this.log.end(resolve));
  }

  lastWords(): string {
    return this.running?.lastWords(KEPT_LINES) ?? '';
  }

  private judgeEnd({ code, signal }: Ending): void {
    // Asked to stop while it was still starting, it ends at once.
    if (signal === 'SIGKILL' ? this.expectsKill : this.expectsStop && (code === 0 || signal === 'SIGTERM')) return;
    this.onUnexpected(`${this.name} ended with ${signal ?? `status ${code}`}:\n${this.lastWords()}`);
  }
}
