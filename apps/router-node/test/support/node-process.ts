/** Real router-node processes, from a bundle of the sources. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { dirname, join } from 'node:path';
import { RouterNodeClient } from '@secagg/client';
import { build, stop } from 'esbuild';
import { withoutChecks } from '../../../../libs/protocol/test/support/doubles';

const workspace = join(__dirname, '../../../..');
/** Inside the workspace, where the packages it imports are found. */
const folder = join(workspace, 'node_modules/.cache/secagg-tests/router-node');

/** As it is shipped, or with checks that a test can take away. */
export type Build = 'as-shipped' | 'with-switches';
const builds = new Map<Build, Promise<string>>();

export function bundled(kind: Build): Promise<string> {
  const known = builds.get(kind) ?? bundle(kind);
  builds.set(kind, known);
  return known;
}

/** Both programs of the node: its own and that of its thread. */
async function bundle(kind: Build): Promise<string> {
  const outdir = join(folder, `${kind}-${process.pid}`);
  const source = join(workspace, 'apps/router-node/src');
  await build({
    entryPoints: [join(source, 'main.ts'), join(source, 'observations-worker.ts')],
    outdir,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    tsconfig: join(workspace, 'tsconfig.base.json'),
    plugins: kind === 'with-switches' ? [withoutChecks()] : [],
  }).finally(stop);
  writeFileSync(join(outdir, 'package.json'), '{ "type": "module" }');
  return join(outdir, 'main.js');
}

export const observationProgram = async (kind: Build = 'as-shipped'): Promise<string> =>
  join(dirname(await bundled(kind)), 'observations-worker.js');

/** What `--check-config` says, and how it ends. */
export async function checkConfig(environment: Record<string, string>): Promise<string> {
  const { status, stdout, stderr } = spawnSync(process.execPath, [await bundled('as-shipped'), '--check-config'], {
    env: { PATH: process.env.PATH ?? '', ...environment },
    encoding: 'utf8',
  });
  return `exit ${status}: ${stdout}${stderr}`;
}

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface ProcessOptions {
  readonly uid?: number;
  readonly gid?: number;
  /** Largest file that the process may write, in blocks of 512 bytes. */
  readonly fileBlocks?: number;
  readonly build?: Build;
}

export class NodeProcess {
  readonly log: LogLine[] = [];
  readonly stderr: string[] = [];
  exit: { code: number | null; signal: NodeJS.Signals | null } | undefined;
  private readonly ended: Promise<void>;
  private http: RouterNodeClient | undefined;

  private static newest: ChildProcess | undefined;

  private constructor(private readonly child: ChildProcess) {
    NodeProcess.newest = child;
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) =>
      this.log.push(JSON.parse(line) as LogLine),
    );
    (child.stderr as NodeJS.ReadableStream).on('data', (data: Buffer) => this.stderr.push(data.toString()));
    this.ended = new Promise((resolve) =>
      child.once('exit', (code, signal) => {
        this.exit = { code, signal };
        resolve();
      }),
    );
  }

  /** Resolves when it listens, or has ended. */
  static async start(
    environment: Record<string, string>,
    { fileBlocks, build: kind = 'as-shipped', ...user }: ProcessOptions = {},
  ): Promise<NodeProcess> {
    const program = [process.execPath, await bundled(kind)];
    const command =
      fileBlocks === undefined ? program : ['sh', '-c', `ulimit -f ${fileBlocks}; exec "$@"`, 'sh', ...program];
    const node = new NodeProcess(
      spawn(command[0], command.slice(1), {
        env: { PATH: process.env.PATH ?? '', ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
        ...user,
      }),
    );
    while (!node.exit && node.port === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    if (node.port !== undefined) node.http = new RouterNodeClient({ url: `http://127.0.0.1:${node.port}` });
    return node;
  }

  /** To the process that was started last, which may not listen yet. */
  static signalNewest(signal: NodeJS.Signals): void {
    NodeProcess.newest?.kill(signal);
  }

  get port(): number | undefined {
    return this.log.find((line) => line.msg === 'router-node listening')?.port as number | undefined;
  }

  get pid(): number {
    return this.child.pid as number;
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
