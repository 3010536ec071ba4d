/** One service in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { collectGarbage } from './inspector';

const START_TIMEOUT_MS = 120_000;

export class Service {
  private readonly child: ChildProcess;
  private readonly last: string[] = [];
  private inspector: string | undefined;
  /** Where it listens. */
  readonly url: Promise<string>;

  constructor(
    readonly name: string,
    script: string,
    configFile: string,
    inspected: boolean,
  ) {
    if (!existsSync(script)) throw new Error(`${script} is missing: build the apps first`);
    this.child = spawn(process.execPath, [...(inspected ? ['--inspect=127.0.0.1:0'] : []), script], {
      env: { PATH: process.env.PATH ?? '', SECAGG_CONFIG: configFile },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.url = this.listening();
    // Whoever starts several awaits them one after another.
    this.url.catch(() => undefined);
  }

  get pid(): number {
    return this.child.pid as number;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  private async listening(): Promise<string> {
    const { child } = this;
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    child.stderr?.on('data', (chunk: Buffer) => {
      const text = chunk.toString('utf8');
      this.inspector ??= /Debugger listening on (ws:\S+)/.exec(text)?.[1];
      this.keep(text);
    });
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error(`${this.name} did not start:\n${this.last.join('\n')}`));
      const timer = setTimeout(fail, START_TIMEOUT_MS);
      child.once('exit', fail);
      lines.on('line', (line) => {
        this.keep(line);
        const port = portOf(line);
        if (port === undefined) return;
        clearTimeout(timer);
        resolve(`http://127.0.0.1:${port}`);
      });
    });
  }

  /** Resident set in MB once garbage is collected, of a service that was started to be inspected. */
  async neededMemoryMb(): Promise<number> {
    if (this.inspector === undefined) throw new Error(`${this.name} was not started to be inspected`);
    await collectGarbage(this.inspector);
    return this.memoryMb('VmRSS');
  }

  /** Resident set now, in MB. */
  currentMemoryMb(): number {
    return this.memoryMb('VmRSS');
  }

  /** Largest resident set so far, in MB. */
  peakMemoryMb(): number {
    return this.memoryMb('VmHWM');
  }

  private memoryMb(field: 'VmRSS' | 'VmHWM'): number {
    const status = `/proc/${this.child.pid}/status`;
    const found = existsSync(status)
      ? new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(status, 'utf8'))
      : null;
    if (!found) throw new Error('this system does not tell the memory of a process');
    return Number(found[1]) / 1024;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  private keep(line: string): void {
    this.last.push(line);
    if (this.last.length > 20) this.last.shift();
  }
}

function portOf(line: string): number | undefined {
  if (!line.startsWith('{') || !line.includes('listening')) return undefined;
  const { port } = JSON.parse(line) as { port?: unknown };
  return typeof port === 'number' ? port : undefined;
}
