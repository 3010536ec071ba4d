/** The router-node as a process. */
import { runService, type StopSignals } from '@secagg/host';
import { configSchema, readConfiguration } from './config';
import { readStartFiles } from './key-files';
import { startNode } from './start';
import { STOP_GRACE_MS } from './wiring';

export const run = (signals: StopSignals): Promise<void> =>
  runService(
    {
      name: 'router-node',
      description: 'Takes part in rounds of secure aggregation, for one router; serves on the committee.',
      schema: configSchema,
      readConfiguration,
      check: readStartFiles,
      start: (config, logger, onFailure) =>
        startNode(config, { logger, onFailure }, new URL('./observations-worker.js', import.meta.url)),
      graceMs: () => STOP_GRACE_MS,
    },
    signals,
  );
