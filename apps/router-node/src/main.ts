/** The sidecar of one router, and a committee member when it has that role: process start and signals only. */
import { exitCodes, faultOf, orderOf, startFault } from '@secagg/host';
import { pino } from 'pino';
import { configSchema, readConfiguration } from './config';
import { startNode } from './start';

const STOP_LIMIT_MS = 10_000;

async function main(): Promise<void> {
  const order = orderOf(
    {
      name: 'router-node',
      description: 'Takes part in rounds of secure aggregation, for one router; serves on the committee.',
      schema: configSchema,
    },
    process.argv.slice(2),
    (text) => process.stdout.write(`${text}\n`),
  );
  if (!order) return;
  const { config, notices } = readConfiguration(process.env);
  const log = pino({ name: 'router-node', level: config.logLevel, base: { router: config.id } });
  for (const notice of notices) log.warn(notice);
  const fail = (error: unknown): void => {
    const { message, exitCode } = faultOf(error);
    log.fatal({ err: error, exitCode }, `cannot go on: ${message}`);
    process.exit(exitCode);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  const node = await startNode(config, log, fail, new URL('./observations-worker.js', import.meta.url));

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
