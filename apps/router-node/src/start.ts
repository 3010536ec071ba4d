/** Puts the node together: stores, loops and HTTP face. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { CoordinatorClient } from '@secagg/client';
import { rhoToBudgetUnits } from '@secagg/dp-noise';
import { createMetrics } from '@secagg/metrics';
import { type RouterContext } from '@secagg/protocol';
import { type Logger } from 'pino';
import { Committee } from './committee/committee';
import { type Member } from './committee/member';
import { type Config, ConfigError, variableOf } from './config';
import { makeDataFolder } from './data-folder';
import { CoordinatorContact } from './fleet/coordinator-contact';
import { FleetKeeper } from './fleet/fleet-keeper';
import { Standing } from './fleet/standing';
import { withoutRole } from './fleet/own-role';
import { readPublicKey, readSecretKey } from './key-files';
import { type Node } from './node';
import { Intake } from './observations/intake';
import { requesterHash } from './observations/requester-hash';
import { Participant } from './participant/participant';
import { type Router } from './participant/router';
import { createApp } from './routes/app';
import { openCommitteeStore } from './store/committee-store';
import { openRouterStore } from './store/router-store';

export interface RunningNode {
  readonly port: number;
  /** Stops taking requests, ends the loops, closes the stores. */
  stop(): Promise<void>;
}

/**
 * @param onFailure ends the process at once: a step could not be made durable, or a loop has failed
 * Throws {@link ConfigError} for files that are not as they must be.
 */
export async function startNode(config: Config, log: Logger, onFailure: (error: unknown) => void): Promise<RunningNode> {
  const authorityKey = readPublicKey(variableOf('authorityKeyFile'), config.authorityKeyFile);
  makeDataFolder(config.dataDir);
  const node = createNode(config, authorityKey, log);
  const store = openRouterStore(config.dataDir, authorityKey, requesterHash(node.context.identity.secretKey), onFailure, config.eventsPerSnapshot);
  const standing = new Standing(store.misbehaviour, node.metrics, log, node.now);
  const router: Router = { ...node, store, standing };
  node.fleet.add(store.journal);
  const member = await openMember(node, standing, authorityKey, onFailure);

  const participant = new Participant(router);
  const committee = member && new Committee(member);
  const intake = new Intake(store, { maxObservations: config.maxObservations, retentionHours: config.observationRetentionHours }, node.now);
  const server = createServer(createApp({ router, participant, ...(member ? { member } : {}) }, intake));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  log.info({ id: config.id, host: config.host, port, coordinator: config.coordinatorUrl }, 'router-node listening');

  const stopping = new AbortController();
  const loops = [participant.run(stopping.signal), ...(committee ? [committee.run(stopping.signal)] : [])].map((loop) =>
    loop.catch((error: unknown) => {
      if (!stopping.signal.aborted) onFailure(error);
    }),
  );

  if (!member) void warnWithoutStoreKey(node, stopping.signal);

  return {
    port,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      stopping.abort(new Error('the node is stopping'));
      await Promise.all(loops);
      await closed;
      await node.client.close();
      store.close();
      member?.store.close();
    },
  };
}

function createNode(config: Config, authorityKey: Uint8Array, log: Logger): Node {
  const now = Date.now;
  const contact = new CoordinatorContact(now, config.retryMaxMs);
  const client = new CoordinatorClient({
    origin: config.coordinatorUrl,
    // Each round that is followed waits on one of its own.
    connections: 32,
    ...(config.coordinatorCaFile === undefined ? {} : { ca: readFileSync(config.coordinatorCaFile, 'utf8') }),
  });
  return {
    config,
    context: contextOf(config),
    client,
    contact,
    fleet: new FleetKeeper(authorityKey, client, contact, log),
    metrics: createMetrics({ app: 'router-node' }),
    log,
    random: (length) => new Uint8Array(randomBytes(length)),
    now,
  };
}

function contextOf(config: Config): RouterContext {
  return {
    identity: { id: config.id, secretKey: readSecretKey(variableOf('identityKeyFile'), config.identityKeyFile) },
    limits: {
      privacyUnit: config.privacyUnit,
      maxRoundRhoUnits: rhoToBudgetUnits(config.maxRoundRho),
      budget: { units: rhoToBudgetUnits(config.budgetRho), window: config.budgetWindowDays === 0 ? 'lifetime' : { days: config.budgetWindowDays } },
      minHonestPerGroup: config.minHonestPerGroup,
      unsafeNoNoise: config.unsafeNoNoise,
    },
  };
}

/** A node without a store key cannot keep epoch secrets, so it takes no seats. */
async function openMember(node: Node, standing: Standing, authorityKey: Uint8Array, onFailure: (error: unknown) => void): Promise<Member | undefined> {
  const { config, random, fleet } = node;
  if (config.storeKeyFile === undefined) return undefined;
  const setting = variableOf('storeKeyFile');
  const storeKey = readSecretKey(setting, config.storeKeyFile);
  try {
    const store = await openCommitteeStore({ dataDir: config.dataDir, authorityKey, storeKey, member: config.id, random, onFailure, eventsPerSnapshot: config.eventsPerSnapshot });
    fleet.add(store.journal);
    return { ...node, store, standing };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'cannot_open') {
      throw new ConfigError(`${setting}: the epoch secrets of this node are sealed under another key`);
    }
    throw error;
  }
}

async function warnWithoutStoreKey({ fleet, context, now, log }: Node, signal: AbortSignal): Promise<void> {
  const view = await fleet.untilKnown(signal).catch(() => undefined);
  if (view && withoutRole(view, context.identity, 'committee', now()) === undefined) {
    log.warn(`this node may serve on the committee, but takes no seats without ${variableOf('storeKeyFile')}`);
  }
}
