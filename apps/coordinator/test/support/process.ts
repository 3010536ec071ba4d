/** The coordinator as a process of its own, which can be killed. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CoordinatorClient } from '@secagg/client';
import { build, stop } from 'esbuild';
import { withoutChecks } from '../../../../libs/protocol/test/support/doubles';
import { type TestFleet } from './fleet';

const workspace = join(__dirname, '../../../..');

/** As it is shipped, or with checks that a test can take away (libs/protocol/test/support/doubles.ts). */
export type Build = 'as-shipped' | 'with-switches';
const builds = new Map<Build, Promise<string>>();

function bundled(kind: Build): Promise<string> {
  const known = builds.get(kind) ?? bundle(kind);
  builds.set(kind, known);
  return known;
}

async function bundle(kind: Build): Promise<string> {
  const outfile = join(workspace, 'tmp/coordinator-test', `${kind}-${process.pid}.mjs`);
  await build({
    entryPoints: [join(workspace, 'apps/coordinator/src/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    tsconfig: join(workspace, 'tsconfig.base.json'),
    plugins: kind === 'with-switches' ? [withoutChecks()] : [],
  }).finally(stop);
  return outfile;
}

/** What `--check-config` says, and how it ends. */
export async function checkConfig(
  fleet: TestFleet,
  config: object,
  environment: Record<string, string> = {},
): Promise<string> {
  const { status, stdout, stderr } = spawnSync(process.execPath, [await bundled('as-shipped'), '--check-config'], {
    env: { PATH: process.env.PATH, SECAGG_CONFIG: fleet.writeConfig(config), ...environment },
    encoding: 'utf8',
  });
  return `exit ${status}: ${stdout}${stderr}`;
}

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly port?: number;
  readonly exit_code?: number;
}

export interface ProcessOptions {
  readonly uid?: number;
  readonly gid?: number;
  /** Largest file that the process may write, in blocks of 512 bytes. */
  readonly fileBlocks?: number;
  readonly build?: Build;
}

export class CoordinatorProcess {
  private static newest: ChildProcess | undefined;

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    readonly client: CoordinatorClient,
    readonly log: readonly LogLine[],
  ) {}

  /** Resolves when it listens; rejects with what it said when it could not start. */
  static async start(
    fleet: TestFleet,
    config: object,
    environment: Record<string, string> = {},
    { fileBlocks, build: kind = 'as-shipped', ...user }: ProcessOptions = {},
  ): Promise<CoordinatorProcess> {
    const program = [process.execPath, await bundled(kind)];
    const command =
      fileBlocks === undefined ? program : ['sh', '-c', `ulimit -f ${fileBlocks}; exec "$@"`, 'sh', ...program];
    const child = spawn(command[0], command.slice(1), {
      ...user,
      env: {
        PATH: process.env.PATH,
        SECAGG_CONFIG: fleet.writeConfig({ ...config, logLevel: 'info' }),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    CoordinatorProcess.newest = child;
    let said = '';
    const log: LogLine[] = [];
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (process.env.TEST_LOG) console.error(chunk.toString());
    });
    const port = await new Promise<number>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (process.env.TEST_LOG) console.log(line);
        const entry = JSON.parse(line) as LogLine;
        log.push(entry);
        if (entry.msg === 'coordinator is listening') resolve(entry.port as number);
      });
      child.once('exit', (code) => reject(new Error(`exit ${code}: ${said}`)));
    });
    return new CoordinatorProcess(
      child,
      port,
      new CoordinatorClient({ url: `http://127.0.0.1:${port}`, connections: 64 }),
      log,
    );
  }

  /** To the process that was started last, which may not listen yet. */
  static signalNewest(signal: NodeJS.Signals): void {
    CoordinatorProcess.newest?.kill(signal);
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
