/** Real router-node processes, from a bundle of the sources. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { RouterNodeClient } from '@secagg/client';
import { bundled } from '@secagg/testbed/bundles';
import { type Ending, ServiceProcess } from '@secagg/testbed/processes';
import { withoutChecks } from '../../../../libs/protocol/test/support/doubles';

/** As it is shipped, or with checks that a test can take away. */
export type Build = 'as-shipped' | 'with-switches';

export const program = (kind: Build = 'as-shipped'): Promise<string> =>
  kind === 'as-shipped' ? bundled('router-node') : bundled('router-node', kind, [withoutChecks()]);

export const observationProgram = async (kind: Build = 'as-shipped'): Promise<string> =>
  join(dirname(await program(kind)), 'observations-worker.js');

/** What `--check-config` says, and how it ends. */
export async function checkConfig(environment: Record<string, string>): Promise<string> {
  const { status, stdout, stderr } = spawnSync(process.execPath, [await program(), '--check-config'], {
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
  private static newest: ServiceProcess | undefined;

  private constructor(
    private readonly service: ServiceProcess,
    readonly log: readonly LogLine[],
    readonly stderr: readonly string[],
    readonly port: number | undefined,
    private readonly http: RouterNodeClient | undefined,
  ) {}

  /** Resolves when it listens, or has ended. */
  static async start(
    environment: Record<string, string>,
    { build, ...options }: ProcessOptions = {},
  ): Promise<NodeProcess> {
    const log: LogLine[] = [];
    const stderr: string[] = [];
    const service = new ServiceProcess({
      name: 'router-node',
      script: await program(build),
      environment,
      ...options,
      onLine: (line, stream) => {
        if (stream === 'stdout') log.push(JSON.parse(line) as LogLine);
        else stderr.push(`${line}\n`);
      },
    });
    NodeProcess.newest = service;
    const port = await service.port.catch(() => undefined);
    const http = port === undefined ? undefined : new RouterNodeClient({ url: `http://127.0.0.1:${port}` });
    return new NodeProcess(service, log, stderr, port, http);
  }

  /** To the process that was started last, which may not listen yet. */
  static signalNewest(signal: NodeJS.Signals): void {
    NodeProcess.newest?.signal(signal);
  }

  get exit(): Ending | undefined {
    return this.service.exit;
  }

  get pid(): number {
    return this.service.pid;
  }

  get client(): RouterNodeClient {
    if (!this.http) throw new Error(`the node has not started: ${this.stderr.join('')}`);
    return this.http;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.service.signal(signal);
    await this.untilEnded();
  }

  async untilEnded(): Promise<void> {
    await this.service.ended;
    await this.http?.close();
  }
}
