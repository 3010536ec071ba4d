/** The coordinator as a process. */
import { runService, type StopSignals } from '@secagg/host';
import { checkStart } from './check-start';
import { configSchema, readConfiguration } from './config';
import { startService } from './service';

export const run = (signals: StopSignals): Promise<void> =>
  runService(
    {
      name: 'coordinator',
      description: 'Coordinates rounds of secure aggregation.',
      schema: configSchema,
      readConfiguration,
      check: checkStart,
      start: (config, logger, onFailure) => startService(config, { logger, onFailure }),
      graceMs: ({ shutdownGraceMs }) => shutdownGraceMs,
    },
    signals,
  );
