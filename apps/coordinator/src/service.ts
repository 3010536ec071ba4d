/** The coordinator as a service: its parts, started in order and stopped in reverse. */
import { startParts, type Surroundings } from '@secagg/host';
import { epochInForce } from '@secagg/protocol';
import { type Config } from './config';
import { openEngine } from './open-engine';
import { wire } from './wiring';

export interface Service {
  /** 0 on a Unix socket. */
  readonly port: number;
  /** Deletes rounds past their retention, as it is done at intervals anyway. */
  release(): Promise<void>;
  /** Ends waits, lets requests under way finish within the grace, and closes the store. */
  stop(): Promise<void>;
}

export async function startService(config: Config, surroundings: Surroundings): Promise<Service> {
  const { logger } = surroundings;
  const opened = await openEngine(config, surroundings);
  const { backend, engine } = opened;
  const parts = wire(config, opened, logger);
  const stop = await startParts([
    { name: 'database', stop: () => backend.close() },
    parts.finisher,
    parts.tasks,
    parts.face,
    parts.waitingElsewhere,
    parts.scoresElsewhere,
    parts.driver,
    parts.freshness,
    parts.readiness,
    parts.epochs,
    parts.triggers,
    parts.retention,
  ]);
  const { journal, now } = engine;
  const address = parts.face.address();
  logger.info(
    {
      ...address,
      fleet: journal.state.view.fleet,
      epoch: epochInForce(journal.state, now())?.body.epoch ?? null,
      rounds: journal.state.rounds.size,
    },
    'coordinator is listening',
  );
  return {
    port: 'port' in address ? address.port : 0,
    release: () => parts.retention.release(),
    stop: async () => {
      await stop();
      logger.info('coordinator has stopped');
    },
  };
}
