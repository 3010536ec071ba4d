/**
 * One process of the demo, which can be started again. Its output is in a log file, so that it can outlive this
 * program.
 */
import { type ProcessSpec, ServiceProcess } from '@secagg/testbed/processes';

const STOP_LIMIT_MS = 8_000;

export class ManagedProcess {
  private running: ServiceProcess | undefined;
  url = '';

  constructor(private readonly spec: ProcessSpec) {}

  get name(): string {
    return this.spec.name;
  }

  get pid(): number | undefined {
    return this.running?.pid;
  }

  get isRunning(): boolean {
    return this.running?.isRunning ?? false;
  }

  /** Starts it and waits until it listens. Throws with the end of its log when it ends instead. */
  async start(extraEnvironment: Readonly<Record<string, string>> = {}): Promise<void> {
    const { environment } = this.spec;
    this.running = new ServiceProcess({ ...this.spec, environment: { ...environment, ...extraEnvironment } });
    this.url = await this.running.url;
  }

  async kill(): Promise<void> {
    await this.running?.kill();
  }

  async stop(): Promise<void> {
    await this.running?.stop(STOP_LIMIT_MS);
  }

  /** Without waiting, for when this program is about to end. */
  killNow(): void {
    this.running?.signal('SIGKILL');
  }

  /** Lets this program end while the process goes on. */
  release(): void {
    this.running?.release();
  }

  async waitForEnd(): Promise<void> {
    await this.running?.ended;
  }

  lastLines(): string {
    return this.running?.lastWords(12) ?? '';
  }
}
