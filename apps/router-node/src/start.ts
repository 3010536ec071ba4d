/** The router-node as a service: its parts, started in order and stopped in reverse. */
import { parseServiceUrl } from '@secagg/client';
import { startParts, type Surroundings } from '@secagg/host';
import { type Config } from './config';
import { readAliases } from './ingest/names/read-aliases';
import { readStartFiles } from './key-files';
import { createNode } from './node';
import { openStores } from './open-stores';
import { wire } from './wiring';

export interface RunningNode {
  /** 0 on a Unix socket. */
  readonly port: number;
  /** Ends the loops, stops taking requests and closes the stores. */
  stop(): Promise<void>;
}

/**
 * @param observationProgram bundle of observations-worker.ts
 * Throws a HostFault for files and keys that are not as they must be.
 */
export async function startNode(
  config: Config,
  { logger, onFailure, now = Date.now, environment = process.env }: Surroundings,
  observationProgram: URL | string,
): Promise<RunningNode> {
  const aliases = readAliases(config.aliasesFile);
  const files = await readStartFiles(config, environment, (problem) => logger.warn(problem));
  const node = createNode(config, files, logger, now);
  const stores = await openStores(node, files, aliases, observationProgram, onFailure);
  const { face, loops } = wire(node, stores, files.token, onFailure);
  const stop = await startParts([
    { name: 'stores', stop: () => stores.close() },
    { name: 'coordinator client', stop: () => node.client.close() },
    { name: 'data releases', stop: () => stores.releases.stop() },
    face,
    loops,
  ]);
  const address = face.address();
  logger.info({ ...address, coordinator: parseServiceUrl(config.coordinatorUrl).shown }, 'router-node listening');
  return { port: 'port' in address ? address.port : 0, stop };
}
