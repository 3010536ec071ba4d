/** One service in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const START_TIMEOUT_MS = 30_000;

export class Service {
  private readonly child: ChildProcess;
  private readonly last: string[] = [];
  /** Where it listens. */
  readonly url: Promise<string>;

  constructor(
    readonly name: string,
    script: string,
    configFile: string,
  ) {
    if (!existsSync(script)) throw new Error(`${script} is missing: build the apps first`);
    this.child = spawn(process.execPath, [script], { env: { PATH: process.env.PATH ?? '', SECAGG_CONFIG: configFile }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.url = this.listening();
    // Whoever starts several awaits them one after another.
    this.url.catch(() => undefined);
  }

  private async listening(): Promise<string> {
    const { child } = this;
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    child.stderr?.on('data', (chunk: Buffer) => this.keep(chunk.toString('utf8')));
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

  /** Largest resident set so far, in MB; undefined where the system does not tell. */
  peakMemoryMb(): number | undefined {
    const status = `/proc/${this.child.pid}/status`;
    const found = existsSync(status) ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8')) : null;
    return found ? Number(found[1]) / 1024 : undefined;
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
