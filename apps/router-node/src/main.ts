/** The sidecar of one router, and a committee member when it has that role: process start and signals only. */
import { exitCodes, faultOf, startFault } from '@secagg/host';
import { pino } from 'pino';
import { readConfig } from './config';
import { startNode } from './start';

const STOP_LIMIT_MS = 10_000;

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = pino({ name: 'router-node', level: config.logLevel, base: { router: config.id } });
  const fail = (error: unknown): void => {
    const { message, exitCode } = faultOf(error);
    log.fatal({ err: error, exitCode }, `cannot go on: ${message}`);
    process.exit(exitCode);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  const node = await startNode(config, log, fail);

  const stop = (signal: string): void => {
    log.info({ signal }, 'stopping');
    setTimeout(() => process.exit(exitCodes.software), STOP_LIMIT_MS).unref();
    node.stop().then(() => process.exit(0), fail);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((error: unknown) => {
  const { message, exitCode } = startFault(error);
  process.stderr.write(`router-node: ${message}\n`);
  process.exit(exitCode);
});
