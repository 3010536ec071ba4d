/** The coordinator as a process of its own, which can be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CoordinatorClient } from '@secagg/client';
import { buildSync } from 'esbuild';
import { type TestFleet } from './fleet';

const workspace = join(__dirname, '../../../..');
const bundle = join(workspace, 'tmp/coordinator-test', `main-${process.pid}.mjs`);
let isBundled = false;

function bundled(): string {
  if (!isBundled) {
    buildSync({
      entryPoints: [join(workspace, 'apps/coordinator/src/main.ts')], outfile: bundle, bundle: true, platform: 'node', format: 'esm', target: 'node20', packages: 'external',
      alias: Object.fromEntries(['schema', 'crypto', 'dp-noise', 'protocol', 'metrics'].map((name) => [`@secagg/${name}`, join(workspace, 'libs', name, 'src/index.ts')])),
    });
    isBundled = true;
  }
  return bundle;
}

export class CoordinatorProcess {
  private constructor(private readonly child: ChildProcess, readonly port: number, readonly client: CoordinatorClient) {}

  /** Resolves when it listens; rejects with what it said when it could not start. */
  static async start(fleet: TestFleet, config: object, environment: Record<string, string> = {}): Promise<CoordinatorProcess> {
    const child = spawn(process.execPath, [bundled()], {
      env: { PATH: process.env.PATH, SECAGG_CONFIG: fleet.writeConfig({ ...config, logLevel: 'info' }), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => { said += chunk.toString(); });
    const port = await new Promise<number>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (process.env.TEST_LOG) console.log(line);
        const entry = JSON.parse(line) as { msg: string; port?: number };
        if (entry.msg === 'coordinator is listening') resolve(entry.port as number);
      });
      child.once('exit', (code) => reject(new Error(`exit ${code}: ${said}`)));
    });
    return new CoordinatorProcess(child, port, new CoordinatorClient({ origin: `http://127.0.0.1:${port}`, connections: 64 }));
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves with how it ended, whoever ended it. */
  async ended(): Promise<{ code: number | null; signal: string | null }> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    await this.client.close();
    return { code: this.child.exitCode, signal: this.child.signalCode };
  }

  /** As a power cut would. */
  kill(): Promise<{ code: number | null; signal: string | null }> {
    this.child.kill('SIGKILL');
    return this.ended();
  }

  /** Stands still, as a machine does that has no time for it, and goes on. */
  async standStill(ms: number): Promise<void> {
    this.child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.child.kill('SIGCONT');
  }

  stop(): Promise<{ code: number | null; signal: string | null }> {
    this.child.kill('SIGTERM');
    return this.ended();
  }
}
