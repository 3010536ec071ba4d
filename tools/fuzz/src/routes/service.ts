/** One service in a process of its own, watched for its end and its memory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const START_TIMEOUT_MS = 30_000;
const KEPT_LINES = 20;

export class Service {
  private readonly child: ChildProcess;
  private readonly last: string[] = [];
  readonly port: Promise<number>;

  constructor(
    readonly name: string,
    script: string,
    configFile: string,
  ) {
    if (!existsSync(script)) throw new Error(`${script} is missing: build the apps first`);
    this.child = spawn(process.execPath, [script], {
      env: { PATH: process.env.PATH ?? '', SECAGG_CONFIG: configFile },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.port = this.listening();
    this.port.catch(() => undefined);
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The last lines it wrote: why it ended. */
  get lastWords(): string {
    return this.last.join('\n');
  }

  /** Largest resident set so far, in MB; undefined where the system does not tell. */
  peakMemoryMb(): number | undefined {
    const status = `/proc/${this.child.pid}/status`;
    const found = existsSync(status) ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8')) : null;
    return found ? Number(found[1]) / 1024 : undefined;
  }

  async stop(): Promise<void> {
    if (!this.alive) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  private listening(): Promise<number> {
    const { child } = this;
    child.stderr?.on('data', (chunk: Buffer) => this.keep(chunk.toString('utf8')));
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error(`${this.name} did not start:\n${this.lastWords}`));
      const timer = setTimeout(fail, START_TIMEOUT_MS);
      child.once('exit', fail);
      lines.on('line', (line) => {
        this.keep(line);
        const found = /listening/.test(line) ? /"port":(\d+)/.exec(line) : null;
        if (!found) return;
        clearTimeout(timer);
        resolve(Number(found[1]));
      });
    });
  }

  private keep(line: string): void {
    this.last.push(line);
    if (this.last.length > KEPT_LINES) this.last.shift();
  }
}
