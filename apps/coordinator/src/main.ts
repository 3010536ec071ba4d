/** Starts the coordinator, and stops it on a signal. */
import { faultOf, startFault } from '@secagg/host';
import { pino } from 'pino';
import { readConfig } from './config';
import { startService } from './service';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const logger = pino({
    level: config.logLevel,
    base: { service: 'coordinator' },
    serializers: { error: pino.stdSerializers.err },
  });
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
  process.stderr.write(`coordinator cannot start:\n${message}\n`);
  process.exit(exitCode);
});
