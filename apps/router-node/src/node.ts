/** What all parts of the node share. */
import { type CoordinatorClient } from '@secagg/client';
import { type RouterNodeMetrics } from '@secagg/metrics';
import { type RouterContext } from '@secagg/protocol';
import { type RandomBytes } from '@secagg/schema';
import { type Logger } from 'pino';
import { type Config } from './config';
import { type CoordinatorContact } from './fleet/coordinator-contact';
import { type FleetKeeper } from './fleet/fleet-keeper';

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
