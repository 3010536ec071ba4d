/** A service as a process: its command line, configuration and log, its start, and its end by a signal or a failure. */
import { type Logger, pino } from 'pino';
import { checkingConfig, orderOf, type Service } from './command-line';
import { faultOf, startFault } from './fault-of';
import { type Environment, type ReadSettings } from './settings/read-settings';
import { type StopSignals } from './stop-signals';

export interface Program<Config> extends Service {
  readConfiguration(environment: Environment): ReadSettings<Config>;
  /** What `--check-config` does: throws what a start would refuse, as far as files and configuration tell. */
  check(config: Config, environment: NodeJS.ProcessEnv): Promise<unknown>;
  /** @param fail ends the process at once: what is in memory can no longer become durable */
  start(config: Config, log: Logger, fail: (error: unknown) => void): Promise<{ stop(): Promise<void> }>;
  /** How long a shutdown waits for requests under way. */
  graceMs(config: Config): number;
}

/** A shutdown that takes longer than this after its grace is a bug. */
const STOP_LIMIT_MS = 10_000;

export async function runService<Config extends { id: string; logLevel: string }>(
  program: Program<Config>,
  signals: StopSignals,
): Promise<void> {
  try {
    await start(program, signals);
  } catch (error) {
    const { message, exitCode } = startFault(error);
    process.stderr.write(`${program.name}: ${message}\n`);
    process.exit(exitCode);
  }
}

async function start<Config extends { id: string; logLevel: string }>(
  program: Program<Config>,
  signals: StopSignals,
): Promise<void> {
  const order = orderOf(program, process.argv.slice(2), (text) => process.stdout.write(`${text}\n`));
  if (!order) return;
  const { config, notices } = program.readConfiguration(process.env);
  if (order === 'check-config') {
    await checkingConfig(() => program.check(config, process.env));
    process.stdout.write([...notices, 'the configuration is ok'].map((text) => `${text}\n`).join(''));
    return;
  }
  const log = pino({
    level: config.logLevel,
    base: { service: program.name, id: config.id },
    serializers: { error: pino.stdSerializers.err },
  });
  for (const notice of notices) log.warn(notice);
  const fail = (error: unknown): void => {
    const { message, exitCode } = faultOf(error);
    log.fatal({ error, exit_code: exitCode }, `cannot go on: ${message}`);
    process.exit(exitCode);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  const service = await program.start(config, log, fail);
  signals.onSignal((signal) => {
    log.info({ signal }, 'stopping');
    setTimeout(() => fail(new Error('the shutdown takes too long')), program.graceMs(config) + STOP_LIMIT_MS).unref();
    service.stop().then(() => process.exit(0), fail);
  });
}
