/** Starts the coordinator, and stops it on a signal. */
import { SecaggError } from '@secagg/schema';
import { pino } from 'pino';
import { ConfigError, readConfig } from './config';
import { startService } from './service';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const logger = pino({ level: config.logLevel, base: { service: 'coordinator' }, serializers: { error: pino.stdSerializers.err } });
  const onFailure = (error: unknown) => {
    // Memory may be ahead of the disk; the journal is what counts at the next start.
    logger.fatal({ error }, 'the journal cannot be written');
    process.exit(70);
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
  const text = error instanceof Error ? (error instanceof ConfigError ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`coordinator cannot start:\n${text}\n`);
  // What a configuration cannot mend may be mended by time.
  process.exit(error instanceof SecaggError && error.details.away === true ? 75 : 78);
});
