/** Puts the node together: stores, loops and HTTP face. */
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { CoordinatorClient, parseServiceUrl } from '@secagg/client';
import { wipe } from '@secagg/crypto';
import { rhoToBudgetUnits, unitsToRho } from '@secagg/dp-noise';
import {
  closeAll,
  exitCodes,
  HostFault,
  type IdentityFile,
  listening,
  logRefusal,
  makeDataFolder,
  readingStored,
  underAuthority,
} from '@secagg/host';
import { accessOf, createHttpServer, type HttpServerOptions } from '@secagg/http';
import { createMetrics } from '@secagg/metrics';
import { certificateProblem, type Participation, type RouterContext } from '@secagg/protocol';
import { fleetDocumentsMessage, SecaggError } from '@secagg/schema';
import { type Logger } from 'pino';
import { Committee } from './committee/committee';
import { type Member } from './committee/member';
import { type Config, named } from './config';
import { CoordinatorContact } from './fleet/coordinator-contact';
import { DocumentsFolder } from './fleet/documents-folder';
import { FleetKeeper } from './fleet/fleet-keeper';
import { FreshnessWatch } from './fleet/freshness-watch';
import { Standing } from './fleet/standing';
import { Readiness } from './fleet/readiness';
import { type AliasRules } from './ingest/names/aliases';
import { watchPlan } from './ingest/names/plan-watch';
import { readAliases } from './ingest/names/read-aliases';
import { ValueLog } from './ingest/values/value-log';
import { readStartFiles, type StartFiles } from './key-files';
import { type Node } from './node';
import { type ObservationStore, type ObservationStoreOptions } from './observations/observation-store';
import { observationThread } from './observations/thread';
import { DataReleases } from './participant/data-releases';
import { Participant } from './participant/participant';
import { type Router } from './participant/router';
import { PriorsKeeper } from './priors/priors-keeper';
import { createOperations } from './routes';
import { MAX_PAYLOADS_BYTES } from './routes/post-litellm';
import { type CommitteeStore, openCommitteeStore, removeCommitteeStore } from './store/committee-store';
import { openRouterStore, type RouterStore } from './store/router-store';

export interface RunningNode {
  /** 0 on a Unix socket. */
  readonly port: number;
  /** Stops taking requests, ends the loops, closes the stores. */
  stop(): Promise<void>;
}

/** How long a shutdown waits for requests under way. */
export const STOP_GRACE_MS = 5000;

/**
 * @param onFailure ends the process at once: a step could not be made durable, or a loop or the thread of the observation store has failed
 * @param observationProgram bundle of observations-worker.ts
 * @param environment may hold the store key, and is rid of it
 * Throws a HostFault for files and keys that are not as they must be.
 */
export async function startNode(
  config: Config,
  log: Logger,
  onFailure: (error: unknown) => void,
  observationProgram: URL | string,
  environment = process.env,
): Promise<RunningNode> {
  const aliases = readAliases(config.aliasesFile);
  const files = await readStartFiles(config, environment, (problem) => log.warn(problem));
  const { authorityKey, storeKey: sealing } = files;
  makeDataFolder(named('dataDir'), config.dataDir);
  const node = createNode(config, files, log);
  // First the member: its secrets tell a wrong store key before anything is sealed under it.
  const open = <T>(read: () => Promise<T>) => underAuthority(named('authorityKeyFile'), config.dataDir, read);
  const before = sealing && (await open(() => openSeats(node, authorityKey, sealing.bytes, onFailure)));
  const store = await open(() =>
    readingStored(join(config.dataDir, 'router.db'), () => openRouter(node, authorityKey, onFailure)),
  );
  // Better not to start than to end with the first thing that has to be written.
  store.check();
  const observations = await openObservations(
    node,
    { storeKey: sealing?.bytes, aliases },
    observationProgram,
    onFailure,
  );
  const seats = store.mark && before ? await seatless(node, authorityKey, before, sealing.bytes, onFailure) : before;
  await comeBack(node, store, observations);
  const releases = new DataReleases(store.releases, observations, log);
  await takeUpClaims(store, observations, releases);
  const standing = new Standing(store.misbehaviour, node.metrics, log, node.now);
  const values = new ValueLog(node.metrics, log);
  const priors = priorsKeeper(node, store, observations);
  const router: Router = {
    ...node,
    store,
    observations: tellingOf(observations, () => priors.changed()),
    releases,
    standing,
    values,
    priors,
  };
  const member: Member | undefined = seats && { ...node, store: seats, standing };
  node.fleet.add(store.journal);

  const folder =
    config.documentsDir === undefined ? undefined : new DocumentsFolder(config.documentsDir, node.fleet, log);
  folder?.look();
  const freshness = new FreshnessWatch(node, folder);

  const readiness = new Readiness(router, member !== undefined);
  const participant = new Participant(router);
  const committee = member && new Committee(member);
  const stopping = new AbortController();
  // Every request under way listens.
  setMaxListeners(0, stopping.signal);
  const operations = createOperations({ router, participant, readiness, ...(member ? { member } : {}) }, () => {
    freshness.look();
    readiness.show();
  });
  const server = createHttpServer(operations, {
    onProblem: problemsOf(node),
    closing: stopping.signal,
    access: accessOf(config, files.token),
    limits: config.limits,
    largestBodyBytes: Math.max(MAX_PAYLOADS_BYTES, fleetDocumentsMessage.maxBytes),
  });
  const address = await listening(config, () => server.listen(config));
  log.info({ ...address, coordinator: parseServiceUrl(config.coordinatorUrl).shown }, 'router-node listening');

  const loops = [
    participant.run(stopping.signal),
    freshness.run(stopping.signal),
    readiness.run(stopping.signal),
    watchPlan(router, stopping.signal),
    priors.run(stopping.signal),
    ...(committee ? [committee.run(stopping.signal)] : []),
  ].map((loop) =>
    loop.catch((error: unknown) => {
      if (!stopping.signal.aborted) onFailure(error);
    }),
  );

  if (!member) void warnWithoutStoreKey(node, stopping.signal);

  return {
    port: 'port' in address ? address.port : 0,
    stop: async () => {
      stopping.abort(new Error('the node is stopping'));
      await Promise.all([server.close(STOP_GRACE_MS), ...loops]);
      releases.stop();
      await closeAll([
        () => node.client.close(),
        () => observations.close(),
        () => store.close(),
        () => member?.store.close(),
        () => wipe(sealing?.bytes),
      ]);
    },
  };
}

/** Counts and logs what was refused. */
const problemsOf =
  ({ metrics, log }: Pick<Node, 'metrics' | 'log'>): HttpServerOptions['onProblem'] =>
  (problem, cause, operation, counts) => {
    if (counts) metrics.messageRefused(problem.code);
    logRefusal(log, problem, cause, operation);
  };

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

function createNode(config: Config, { authorityKey, identity, ca }: StartFiles, log: Logger): Node {
  const now = Date.now;
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

function openRouter({ config }: Node, authorityKey: Uint8Array, onFailure: (error: unknown) => void): RouterStore {
  return openRouterStore(config.dataDir, authorityKey, onFailure, config.eventsPerSnapshot, config.groupAccess);
}

function openObservations(
  { config, context, log }: Node,
  { storeKey, aliases }: { readonly storeKey: Uint8Array | undefined; readonly aliases: AliasRules },
  program: URL | string,
  onFailure: (error: unknown) => void,
): Promise<ObservationStore> {
  if (!storeKey) log.warn(`observations lie on the disk in the clear without ${named('storeKeyFile')}`);
  const { dataDir, cluster, requestsPerRequester, maxRequestsPerRound, maxObservations } = config;
  return observationThread(
    program,
    {
      dataDir,
      identity: context.identity,
      cluster,
      maxRequestsPerRound,
      limits: { maxObservations, maxUnlisted: config.maxUnlistedObservations },
      retentionHours: config.observationRetentionHours,
      requestWindowHours: config.requestWindowHours,
      // Beyond the age limit: where nothing newer comes, the last of it goes on counting.
      ownRetentionHours: 4 * config.priorAgeLimitHours,
      priorHalfLifeHours: config.priorHalfLifeHours,
      aliases,
      mapping: mappingOf(config),
      groupAccess: config.groupAccess,
      ...(storeKey ? { storeKey } : {}),
      ...(requestsPerRequester === undefined ? {} : { requestsPerRequester }),
    },
    onFailure,
  );
}

/** The store, and somebody who is told when it has been given something. */
const tellingOf = (store: ObservationStore, tell: () => void): ObservationStore => ({
  ...store,
  accept: async (batch) => {
    const outcome = await store.accept(batch);
    tell();
    return outcome;
  },
  ingest: async (step) => {
    const progress = await store.ingest(step);
    tell();
    return progress;
  },
});

function priorsKeeper({ config, now, log }: Node, store: RouterStore, observations: ObservationStore): PriorsKeeper {
  const { cluster, priorHalfLifeHours, priorAgeLimitHours, priorMinRequests } = config;
  const fleet = (): string | undefined => store.journal.state?.view.fleet;
  return new PriorsKeeper(store.history, observations, fleet, now, log, {
    cluster,
    halfLifeHours: priorHalfLifeHours,
    ageLimitHours: priorAgeLimitHours,
    minMass: priorMinRequests,
  });
}

const mappingOf = ({
  defaultTask,
  taskAttribute,
  requesterAttribute,
  evaluation,
}: Config): ObservationStoreOptions['mapping'] => ({
  defaultTask,
  taskAttribute,
  ...(requesterAttribute === undefined ? {} : { requesterAttribute }),
  ...(evaluation === undefined ? {} : { evaluation }),
});

/** A round may have taken data just before the process ended, and not have been answered; or it ended, and its data was still to be released. */
async function takeUpClaims(store: RouterStore, observations: ObservationStore, releases: DataReleases): Promise<void> {
  await releases.releaseAll();
  const { participations = new Map<string, Participation>() } = store.journal.state ?? {};
  await observations.keepClaims([...participations].flatMap(([key, { outcome }]) => (outcome ? [] : [key])));
}

/** A node without a store key cannot keep epoch secrets, so it takes no seats. */
async function openSeats(
  node: Node,
  authorityKey: Uint8Array,
  storeKey: Uint8Array,
  onFailure: (error: unknown) => void,
): Promise<CommitteeStore> {
  const { config, fleet } = node;
  try {
    const store = await readingStored(join(config.dataDir, 'committee.db'), () =>
      openCommitteeStore({
        dataDir: config.dataDir,
        authorityKey,
        storeKey,
        member: config.id,
        random,
        onFailure,
        eventsPerSnapshot: config.eventsPerSnapshot,
        groupAccess: config.groupAccess,
      }),
    );
    fleet.add(store.journal);
    return store;
  } catch (error) {
    if (error instanceof SecaggError && error.code === 'cannot_open')
      throw new HostFault(exitCodes.config, 'the epoch secrets of this node are sealed under another store key');
    throw error;
  }
}

/** A member whose node comes back from a backup has lost its seats: what it has voted since, it cannot know. */
async function seatless(
  node: Node,
  authorityKey: Uint8Array,
  seats: CommitteeStore,
  storeKey: Uint8Array,
  onFailure: (error: unknown) => void,
): Promise<CommitteeStore> {
  seats.close();
  node.fleet.remove(seats.journal);
  removeCommitteeStore(node.config.dataDir);
  node.log.warn('this node comes back from a backup: its seats are lost until a later epoch');
  return openSeats(node, authorityKey, storeKey, onFailure);
}

async function comeBack(
  { context, log, now }: Node,
  store: RouterStore,
  observations: ObservationStore,
): Promise<void> {
  const { mark } = store;
  if (!mark) return;
  // Before the mark goes: if this is interrupted it is done again.
  await observations.clear();
  const assumedUnits = store.makeUpForBackup(mark, context.limits.budget.units, now());
  log.warn(
    {
      made: new Date(mark.madeAtMs).toISOString(),
      assumed_spent_rho: unitsToRho(assumedUnits),
    },
    'this node comes back from a backup: it sits out rounds announced until now, counts as spent what may have been spent since, and has dropped its observations',
  );
}

async function warnWithoutStoreKey({ fleet, context, now, log }: Node, signal: AbortSignal): Promise<void> {
  const view = await fleet.untilKnown(signal).catch(() => undefined);
  if (view && !certificateProblem(view, context.identity, 'committee', now())) {
    log.warn(`this node may serve on the committee, but takes no seats without ${named('storeKeyFile')}`);
  }
}
