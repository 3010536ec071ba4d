/** Opens everything that the node has on its disk, and takes up what the last run left. */
import { join } from 'node:path';
import { wipe } from '@secagg/crypto';
import { unitsToRho } from '@secagg/dp-noise';
import { closeAll, exitCodes, HostFault, makeDataFolder, readingStored, underAuthority } from '@secagg/host';
import { type Participation } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { type Config, named } from './config';
import { type AliasRules } from './ingest/names/aliases';
import { type StartFiles } from './key-files';
import { type Node } from './node';
import { type ObservationStore, type ObservationStoreOptions } from './observations/observation-store';
import { observationThread } from './observations/thread';
import { DataReleases } from './participant/data-releases';
import { type CommitteeStore, openCommitteeStore, removeCommitteeStore } from './store/committee-store';
import { openRouterStore, type RouterStore } from './store/router-store';

export interface Stores {
  readonly store: RouterStore;
  readonly observations: ObservationStore;
  readonly releases: DataReleases;
  /** Missing without a store key. */
  readonly seats: CommitteeStore | undefined;
  close(): Promise<void>;
}

/** Throws a HostFault for a data directory that is not as it must be; nothing is left open then. */
export async function openStores(
  node: Node,
  { authorityKey, storeKey: sealing }: StartFiles,
  aliases: AliasRules,
  observationProgram: URL | string,
  onFailure: (error: unknown) => void,
): Promise<Stores> {
  const { config, log } = node;
  /** The last one opened is closed first. */
  const closers: (() => unknown)[] = [() => wipe(sealing?.bytes)];
  const close = () => closeAll(closers);
  try {
    makeDataFolder(named('dataDir'), config.dataDir);
    // First the member: its secrets tell a wrong store key before anything is sealed under it.
    const open = <T>(read: () => Promise<T>) => underAuthority(named('authorityKeyFile'), config.dataDir, read);
    let seats = sealing && (await open(() => openSeats(node, authorityKey, sealing.bytes, onFailure)));
    closers.unshift(() => seats?.close());
    const store = await open(() =>
      readingStored(join(config.dataDir, 'router.db'), () => openRouter(node, authorityKey, onFailure)),
    );
    closers.unshift(() => store.close());
    // A database that takes no writes is found out now, and not with the first event.
    store.check();
    const storeKey = sealing?.bytes;
    const observations = await openObservations(node, { storeKey, aliases }, observationProgram, onFailure);
    closers.unshift(() => observations.close());
    if (store.mark && seats && sealing) seats = await seatless(node, authorityKey, seats, sealing.bytes, onFailure);
    await comeBack(node, store, observations);
    const releases = new DataReleases(store.releases, observations, log);
    await takeUpClaims(store, observations, releases);
    return { store, observations, releases, seats, close };
  } catch (error) {
    // The reason is what failed first.
    await close().catch(() => undefined);
    throw error;
  }
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

/**
 * A round may have taken data just before the process ended, and not have been answered; or it ended, and its data was
 * still to be released.
 */
async function takeUpClaims(store: RouterStore, observations: ObservationStore, releases: DataReleases): Promise<void> {
  await releases.releaseAll();
  const participations = store.journal.hasBegun ? store.journal.state.participations : new Map<string, Participation>();
  await observations.keepClaims([...participations].flatMap(([key, { outcome }]) => (outcome ? [] : [key])));
}

/** A node without a store key cannot keep epoch secrets, so it takes no seats. */
async function openSeats(
  node: Node,
  authorityKey: Uint8Array,
  storeKey: Uint8Array,
  onFailure: (error: unknown) => void,
): Promise<CommitteeStore> {
  const { config, fleet, random } = node;
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
