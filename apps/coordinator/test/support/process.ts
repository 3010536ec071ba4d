/** The coordinator as a process of its own, which can be killed. */
import { spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { CoordinatorClient } from '@secagg/client';
import { bundled } from '@secagg/testbed/bundles';
import { type Ending, ServiceProcess } from '@secagg/testbed/processes';
import { withoutChecks } from '../../../../libs/protocol/test/support/doubles';
import { type TestFleet } from './fleet';

/** As it is shipped, or with checks that a test can take away (libs/protocol/test/support/doubles.ts). */
export type Build = 'as-shipped' | 'with-switches';

const program = (kind: Build = 'as-shipped'): Promise<string> =>
  kind === 'as-shipped' ? bundled('coordinator') : bundled('coordinator', kind, [withoutChecks()]);

/** What `--check-config` says, and how it ends. */
export async function checkConfig(
  fleet: TestFleet,
  config: object,
  environment: Record<string, string> = {},
): Promise<string> {
  const { status, stdout, stderr } = spawnSync(process.execPath, [await program(), '--check-config'], {
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
  private static newest: ServiceProcess | undefined;

  private constructor(
    private readonly service: ServiceProcess,
    readonly port: number,
    readonly client: CoordinatorClient,
    readonly log: readonly LogLine[],
  ) {}

  /** Resolves when it listens; rejects with what it said when it could not start. */
  static async start(
    fleet: TestFleet,
    config: object,
    environment: Record<string, string> = {},
    { build, ...options }: ProcessOptions = {},
  ): Promise<CoordinatorProcess> {
    let said = '';
    const log: LogLine[] = [];
    const service = new ServiceProcess({
      name: 'coordinator',
      script: await program(build),
      environment: { SECAGG_CONFIG: fleet.writeConfig({ ...config, logLevel: 'info' }), ...environment },
      ...options,
      onLine: (line, stream) => {
        if (process.env.TEST_LOG) console.log(line);
        if (stream === 'stdout') log.push(JSON.parse(line) as LogLine);
        else said += `${line}\n`;
      },
    });
    CoordinatorProcess.newest = service;
    const port = await service.port.catch(async () => {
      throw new Error(`exit ${(await service.kill()).code}: ${said}`);
    });
    return new CoordinatorProcess(
      service,
      port,
      new CoordinatorClient({ url: `http://127.0.0.1:${port}`, connections: 64 }),
      log,
    );
  }

  /** To the process that was started last, which may not listen yet. */
  static signalNewest(signal: NodeJS.Signals): void {
    CoordinatorProcess.newest?.signal(signal);
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves with how it ended, whoever ended it. */
  async ended(): Promise<Ending> {
    const ending = await this.service.ended;
    await this.client.close();
    return ending;
  }

  /** As a power cut would. */
  kill(): Promise<Ending> {
    this.service.signal('SIGKILL');
    return this.ended();
  }

  /** Stands still, as a machine does that has no time for it, and goes on. */
  async standStill(ms: number): Promise<void> {
    this.service.signal('SIGSTOP');
    await pause(ms);
    this.service.signal('SIGCONT');
  }

  stop(): Promise<Ending> {
    this.service.signal('SIGTERM');
    return this.ended();
  }
}
