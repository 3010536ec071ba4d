/** Starts the coordinator, and stops it on a signal. */
import { faultOf, orderOf, startFault } from '@secagg/host';
import { pino } from 'pino';
import { configSchema, readConfiguration } from './config';
import { startService } from './service';

async function main(): Promise<void> {
  const order = orderOf(
    { name: 'coordinator', description: 'Coordinates rounds of secure aggregation.', schema: configSchema },
    process.argv.slice(2),
    (text) => process.stdout.write(`${text}\n`),
  );
  if (!order) return;
  const { config, notices } = readConfiguration(process.env);
  const logger = pino({
    level: config.logLevel,
    base: { service: 'coordinator' },
    serializers: { error: pino.stdSerializers.err },
  });
  for (const notice of notices) logger.warn(notice);
  const onFailure = (error: unknown) => {
    // Memory may be ahead of the disk; the journal is what counts at the next start.
    const { message, exitCode } = faultOf(error);
    logger.fatal({ error, exitCode }, `the journal cannot be written: ${message}`);
    process.exit(exitCode);
  };
  const service = await startService(config, { logger, onFailure });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.info({ signal }, 'stopping');
      service.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          logger.error({ error }, 'the shutdown failed');
          process.exit(1);
        },
      );
    });
  }
}

main().catch((error: unknown) => {
  const { message, exitCode } = startFault(error);
  process.stderr.write(`coordinator: ${message}\n`);
  process.exit(exitCode);
});
