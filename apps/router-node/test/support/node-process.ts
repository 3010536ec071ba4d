/** Real router-node processes, from a bundle of the sources. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { RouterNodeClient } from '@secagg/client';
import { build, stop } from 'esbuild';

const workspace = join(__dirname, '../../../..');
/** Inside the workspace, where the packages it imports are found. */
const bundle = join(workspace, 'node_modules/.cache/secagg-tests/router-node', `main-${process.pid}.mjs`);
let built: Promise<unknown> | undefined;

const buildOnce = (): Promise<unknown> =>
  (built ??= build({
    entryPoints: [join(workspace, 'apps/router-node/src/main.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    tsconfig: join(workspace, 'tsconfig.base.json'),
    alias: Object.fromEntries(['schema', 'crypto', 'dp-noise', 'protocol', 'metrics', 'client', 'host'].map((name) => [`@secagg/${name}`, join(workspace, `libs/${name}/src/index.ts`)])),
  }).finally(stop));

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface Surroundings {
  readonly uid?: number;
  readonly gid?: number;
  /** Largest file that the process may write, in blocks of 512 bytes. */
  readonly fileBlocks?: number;
}

export class NodeProcess {
  readonly log: LogLine[] = [];
  readonly stderr: string[] = [];
  exit: { code: number | null; signal: NodeJS.Signals | null } | undefined;
  private readonly ended: Promise<void>;
  private http: RouterNodeClient | undefined;

  private constructor(private readonly child: ChildProcess) {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => this.log.push(JSON.parse(line) as LogLine));
    (child.stderr as NodeJS.ReadableStream).on('data', (data: Buffer) => this.stderr.push(data.toString()));
    this.ended = new Promise((resolve) =>
      child.once('exit', (code, signal) => {
        this.exit = { code, signal };
        resolve();
      }),
    );
  }

  /** Resolves when it listens, or has ended. */
  static async start(environment: Record<string, string>, { fileBlocks, ...user }: Surroundings = {}): Promise<NodeProcess> {
    await buildOnce();
    const command = fileBlocks === undefined ? [process.execPath, bundle] : ['sh', '-c', `ulimit -f ${fileBlocks}; exec "$@"`, 'sh', process.execPath, bundle];
    const node = new NodeProcess(spawn(command[0], command.slice(1), { env: { PATH: process.env.PATH ?? '', ...environment }, stdio: ['ignore', 'pipe', 'pipe'], ...user }));
    while (!node.exit && node.port === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    if (node.port !== undefined) node.http = new RouterNodeClient({ origin: `http://127.0.0.1:${node.port}` });
    return node;
  }

  get port(): number | undefined {
    return this.log.find((line) => line.msg === 'router-node listening')?.port as number | undefined;
  }

  get client(): RouterNodeClient {
    if (!this.http) throw new Error(`the node has not started: ${this.stderr.join('')}`);
    return this.http;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.exit) this.child.kill(signal);
    await this.ended;
    await this.http?.close();
  }

  async untilEnded(): Promise<void> {
    await this.ended;
    await this.http?.close();
  }
}
