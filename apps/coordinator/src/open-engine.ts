/** Opens what the service works with: files, journal and store, and what is read from the store at once. */
import { type Surroundings, underAuthority } from '@secagg/host';
import { type FleetView, takeFreshness } from '@secagg/protocol';
import { type FreshnessProof, SecaggError } from '@secagg/schema';
import { type Logger } from 'pino';
import { type Backend, openBackend } from './backend';
import { Changes, wakeOnEvents } from './changes';
import { checkDocuments } from './check-start';
import { type Config, named } from './config';
import { type Engine } from './engine';
import { type Journal } from './journal';
import { readStartFiles } from './key-files';
import { ContributionCache } from './rounds/contribution-cache';
import { Scores } from './suspicion/scores';

export interface Opened {
  readonly backend: Backend;
  readonly engine: Engine;
  readonly contributions: ContributionCache;
  readonly scores: Scores;
}

/** Throws for files, a configuration or a database that the service could not work with; nothing is left open then. */
export async function openEngine(
  config: Config,
  { logger, onFailure, now = Date.now, environment = process.env }: Surroundings,
): Promise<Opened> {
  const {
    identity: { secretKey, sealed },
    authorityKey,
    documents,
    freshness,
  } = await readStartFiles(config, environment, (problem) => logger.warn(problem));
  if (!sealed)
    logger.warn('the signature key lies on the disk in the clear: `secagg identity seal` seals it under a store key');
  const changes = new Changes();
  const judge = (view: FleetView) => checkDocuments(config, view, secretKey);
  const backend = await underAuthority(named('authorityKeyFile'), 'the database', () =>
    openBackend({ config, authorityKey, documents, judge, changes, logger, onFailure, now }),
  );
  const { journal, intake, store } = backend;
  try {
    // A database that takes no writes is found out now, and not with the first event.
    await store.check();
    await judge(journal.state.view);
    await takeFreshnessFile(journal, freshness, backend.now(), logger);
    wakeOnEvents(changes, journal);
    const contributions = new ContributionCache(store);
    const scores = await Scores.load(store);
    const context = {
      identity: { id: config.id, secretKey },
      timings: config.timings,
      contribution: contributions.lookup,
      quarantinedUntil: (cluster: string, router: string) =>
        scores.quarantinedUntil(journal.state.view, cluster, router),
    };
    const engine = { journal, intake, context, store, changes, now: backend.now };
    return { backend, engine, contributions, scores };
  } catch (error) {
    await backend.close();
    throw error;
  }
}

/** A statement older than the journal's, or one that has expired, is skipped with a warning. */
async function takeFreshnessFile(
  journal: Journal,
  proof: FreshnessProof | undefined,
  nowMs: number,
  logger: Logger,
): Promise<void> {
  if (!proof) return;
  try {
    await journal.commit((state) => ({ events: takeFreshness(state, proof, nowMs), reply: undefined }));
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    logger.warn({ code: error.code, detail: error.message }, 'the statement in freshnessFile is not taken');
  }
}
