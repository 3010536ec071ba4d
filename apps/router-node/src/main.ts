/** The sidecar of one router, and a committee member when it has that role: process start and signals only. */
import { pino } from 'pino';
import { ConfigError, readConfig } from './config';
import { startNode } from './start';
import { DatabaseInUse } from './store/database';

const STOP_LIMIT_MS = 10_000;
/** sysexits(3): configuration error, internal error. */
const EX_CONFIG = 78;
const EX_SOFTWARE = 70;

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = pino({ name: 'router-node', level: config.logLevel, base: { router: config.id } });
  const fail = (error: unknown): void => {
    log.fatal({ err: error }, 'cannot go on');
    process.exit(EX_SOFTWARE);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  const node = await startNode(config, log, fail);

  const stop = (signal: string): void => {
    log.info({ signal }, 'stopping');
    setTimeout(() => process.exit(EX_SOFTWARE), STOP_LIMIT_MS).unref();
    node.stop().then(() => process.exit(0), fail);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((error: unknown) => {
  const known = error instanceof ConfigError || error instanceof DatabaseInUse;
  process.stderr.write(known ? `router-node: ${error.message}\n` : `router-node: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(known ? EX_CONFIG : EX_SOFTWARE);
});
