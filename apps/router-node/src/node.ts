/** What all parts of the node share. */
import { randomFillSync } from 'node:crypto';
import { CoordinatorClient } from '@secagg/client';
import { rhoToBudgetUnits } from '@secagg/dp-noise';
import { type IdentityFile } from '@secagg/host';
import { createMetrics, type RouterNodeMetrics } from '@secagg/metrics';
import { type RouterContext } from '@secagg/protocol';
import { type RandomBytes } from '@secagg/schema';
import { type Logger } from 'pino';
import { type Config } from './config';
import { CoordinatorContact } from './fleet/coordinator-contact';
import { FleetKeeper } from './fleet/fleet-keeper';
import { type StartFiles } from './key-files';

export interface Node {
  readonly config: Config;
  /** Identity and limits. */
  readonly context: RouterContext;
  readonly client: CoordinatorClient;
  readonly contact: CoordinatorContact;
  readonly fleet: FleetKeeper;
  readonly metrics: RouterNodeMetrics;
  readonly log: Logger;
  readonly random: RandomBytes;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const random = (length: number): Uint8Array => randomFillSync(new Uint8Array(length));

export function createNode(
  config: Config,
  { authorityKey, identity, ca }: StartFiles,
  log: Logger,
  now: () => number,
): Node {
  const contact = new CoordinatorContact(now, config.retryMaxMs);
  const client = new CoordinatorClient({
    url: config.coordinatorUrl,
    // Each round that is followed waits on one of its own.
    connections: 32,
    ...(ca === undefined ? {} : { ca }),
  });
  const metrics = createMetrics({ app: 'router-node' });
  metrics.clustersKnown([config.cluster]);
  return {
    config,
    context: contextOf(config, log, identity),
    client,
    contact,
    fleet: new FleetKeeper(authorityKey, client, contact, log, now),
    metrics,
    log,
    random,
    now,
  };
}

function contextOf(config: Config, log: Logger, { secretKey, sealed }: IdentityFile): RouterContext {
  if (!sealed)
    log.warn('the identity key lies on the disk in the clear: `secagg identity seal` seals it under the store key');
  return {
    identity: { id: config.id, secretKey },
    limits: {
      privacyUnit: config.privacyUnit,
      maxRoundRhoUnits: rhoToBudgetUnits(config.maxRoundRho),
      budget: {
        units: rhoToBudgetUnits(config.budgetRho),
        window: config.budgetWindowDays === 0 ? 'lifetime' : { days: config.budgetWindowDays },
      },
      budgetProtects: config.budgetProtects,
      minHonestPerGroup: config.minHonestPerGroup,
      unsafeNoNoise: config.unsafeNoNoise,
    },
  };
}
