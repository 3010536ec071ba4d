/** The service put together: state from the journal, what acts by itself, and the HTTP face. */
import { setMaxListeners } from 'node:events';
import { closeAll, listening, underAuthority } from '@secagg/host';
import { accessOf, createHttpServer, type HttpServerOptions } from '@secagg/http';
import { createMetrics, type CoordinatorMetrics } from '@secagg/metrics';
import { epochInForce, type FleetView, takeFreshness } from '@secagg/protocol';
import { type FreshnessProof, SecaggError } from '@secagg/schema';
import { type Logger } from 'pino';
import { type Backend, openBackend } from './backend';
import { checkDocuments } from './check-start';
import { type Config, named } from './config';
import { type Engine } from './engine';
import { AutoEpochs } from './epochs/auto-epochs';
import { FreshnessWatch } from './freshness-watch';
import { type Journal } from './journal';
import { readStartFiles } from './key-files';
import { MisbehaviourKeeper } from './misbehaviour';
import { observe } from './observe';
import { Readiness } from './readiness';
import { shareWaiting } from './replicas/share-waiting';
import { TaskRunner } from './replicas/task-runner';
import { budgetFigures } from './rounds/budget';
import { planProblems, planProblemText } from './rounds/plan-problems';
import { ContributionCache } from './rounds/contribution-cache';
import { HARD_CAP_BYTES } from './rounds/contribution-size';
import { RoundFinisher } from './rounds/finish-rounds';
import { ViewSource } from './rounds/member-views';
import { ProofSource } from './rounds/proofs';
import { releaseFinishedRounds } from './rounds/release-rounds';
import { isFinal } from './rounds/phases';
import { RoundDriver } from './rounds/round-driver';
import { scheduleWarnings } from './rounds/schedule';
import { RoundTriggers } from './rounds/triggers';
import { WaitingRouters } from './rounds/waiting-routers';
import { Changes } from './changes';
import { followScores } from './suspicion/follow-scores';
import { Scores } from './suspicion/scores';
import { createOperations } from './routes';

export interface Service {
  /** 0 on a Unix socket. */
  readonly port: number;
  /** Lets go of what its retention is over for; done at least every minute anyway. */
  release(): Promise<void>;
  /** Ends waits, lets requests under way finish within the grace, and closes the store. */
  stop(): Promise<void>;
}

export interface Surroundings {
  readonly logger: Logger;
  /** Ends the process, at once: called when what is in memory can no longer become durable. */
  readonly onFailure: (error: unknown) => void;
  readonly now?: () => number;
  /** May hold the store key, and is rid of it. */
  readonly environment?: Record<string, string | undefined>;
}

/** Or as often as rounds are to be let go of, where that is sooner. */
const RELEASE_EVERY_MS = 60_000;
const RELEASE_AT_MOST_EVERY_MS = 1000;
const ACTIVE_WINDOW_MS = 120_000;

export async function startService(
  config: Config,
  { logger, onFailure, now = Date.now, environment = process.env }: Surroundings,
): Promise<Service> {
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
    // Better not to start than to end with the first thing that has to be written.
    await store.check();
    await judge(journal.state.view);
    await takeFreshnessFile(journal, freshness, backend.now(), logger);
    const contributions = new ContributionCache(store);
    const scores = await Scores.load(store);
    const quarantinedUntil = (cluster: string, router: string) =>
      scores.quarantinedUntil(journal.state.view, cluster, router);
    const context = {
      identity: { id: config.id, secretKey },
      timings: config.timings,
      contribution: contributions.lookup,
      quarantinedUntil,
    };
    return await run(
      config,
      backend,
      { journal, intake, context, store, changes, now: backend.now },
      { contributions, scores },
      logger,
    );
  } catch (error) {
    await backend.close();
    throw error;
  }
}

/** One that a `PUT /v1/freshness` has overtaken, or that is over, is left alone. */
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
    logger.warn({ code: error.code, problem: error.message }, 'the statement in freshnessFile is not taken');
  }
}

interface Held {
  readonly contributions: ContributionCache;
  readonly scores: Scores;
}

async function run(
  config: Config,
  backend: Backend,
  engine: Engine,
  { contributions, scores }: Held,
  logger: Logger,
): Promise<Service> {
  const { journal, store, now } = engine;
  const { replica, operators } = backend;
  const closing = new AbortController();
  // Every request under way listens.
  setMaxListeners(0, closing.signal);
  const metrics: CoordinatorMetrics = createMetrics({ app: 'coordinator' });
  const waiting = new WaitingRouters();
  const views = new ViewSource(store);
  const activeRouters = () => waiting.countActive(now(), ACTIVE_WINDOW_MS);
  const observer = observe({ engine, metrics, logger, activeRouters });
  const misbehaviour = new MisbehaviourKeeper(engine, logger, metrics.misbehaviourProven);
  const driver = new RoundDriver(engine, replica ? undefined : contributions, observer.roundFailed);
  const refreshScores = async (cluster: string) =>
    observer.routersNamed(cluster, await scores.refresh(journal.state.view, cluster));
  const finisher = new RoundFinisher(
    engine,
    contributions,
    async (record, round, result) => {
      if (record.phase === 'published') await refreshScores(record.cluster);
      observer.roundFinished(record, round, result);
    },
    observer.roundFailed,
  );
  journal.onEvent((event) => {
    if ('key' in event && isFinal(journal.state.rounds.get(event.key)?.phase ?? 'published')) views.forget(event.key);
  });
  const warningsOf = (wanted: string): string[] =>
    config.clusters
      .filter(({ plan }) => plan.cluster === wanted)
      .flatMap((cluster) => scheduleWarnings(journal.state.view, cluster));
  const warnOfSchedules = () => {
    for (const { plan } of config.clusters) observer.scheduleDoesNotFit(plan.cluster, warningsOf(plan.cluster));
  };
  warnOfSchedules();
  journal.onEvent(({ type }) => {
    if (type === 'fleet-updated') warnOfSchedules();
  });
  const triggers = new RoundTriggers(engine, config.clusters, waiting, observer.roundRefused, observer.roundsPutOff);
  const settings = {
    lifetimeMs: config.epochLifetimeMs,
    renewBeforeMs: config.epochRenewBeforeMs ?? renewBefore(config),
    setupTimeoutMs: config.epochSetupTimeoutMs,
  };
  const epochs = config.autoEpochs
    ? new AutoEpochs(engine, settings, observer.epochStarted, observer.unexpected)
    : undefined;
  const freshness = new FreshnessWatch(engine, metrics, logger);
  const retention = {
    finishedRoundMs: config.finishedRoundRetentionMs,
    transcriptMs: config.transcriptRetentionMs,
    recordMs: config.recordRetentionMs,
  };
  const release = async () => {
    await releaseFinishedRounds(engine, retention).catch(observer.unexpected);
  };

  const plans = config.clusters.map(({ plan }) => plan);
  const readiness = new Readiness(engine, plans, closing.signal, logger, metrics);
  const refreshGauges = () => {
    freshness.look();
    readiness.look();
    metrics.nodesActive(activeRouters());
    metrics.privacyBudget(budgetFigures(journal.state, plans, now()));
    const { view } = journal.state;
    metrics.clustersKnown(view.policy.clusters.map(({ cluster }) => cluster));
    metrics.routersSuspected(
      new Map(view.policy.clusters.map(({ cluster }) => [cluster, scores.count(view, cluster)])),
    );
  };
  const operations = createOperations(engine, {
    waiting,
    views,
    finisher,
    misbehaviour,
    scores,
    triggers,
    operators,
    proofs: new ProofSource(engine, finisher),
    ...(replica ? { refreshScores } : {}),
    plans: new Map(plans.map((plan) => [plan.cluster, plan])),
    scheduleWarnings: (wanted) => [
      ...plans
        .filter(({ cluster }) => cluster === wanted)
        .flatMap((plan) => planProblems(journal.state.view, plan).map(planProblemText)),
      ...warningsOf(wanted),
    ],
    epochLifetimeMs: config.epochLifetimeMs,
    metrics,
    refreshGauges,
    readiness,
  });
  const onProblem: HttpServerOptions['onProblem'] = (problem, cause, operation, counts) => {
    observer.problem(problem, cause, operation, counts);
    misbehaviour.refused(cause);
  };
  const server = createHttpServer(operations, {
    fresh: () => journal.fresh(),
    reading: () => journal.reading(),
    onProblem,
    closing: closing.signal,
    access: accessOf(config),
    limits: config.limits,
    largestBodyBytes: HARD_CAP_BYTES,
  });
  // Before anything acts by itself: what cannot listen has nothing to stop.
  const address = await listening(config, () => server.listen(config));

  const tasks =
    replica && new TaskRunner(engine, replica.store, contributions, finisher, config.leaseMs, observer.roundFailed);
  const whereRoutersCount = config.clusters
    .filter(({ trigger }) => trigger.kind !== 'manual')
    .map(({ plan }) => plan.cluster as string);
  const unshare = replica && shareWaiting(replica.store, waiting, whereRoutersCount, observer.unexpected);
  const unfollow = replica && followScores(engine, finisher, refreshScores, observer.unexpected);
  if (tasks) tasks.start();
  else await finisher.watch();
  driver.start();
  freshness.start();
  readiness.start();
  epochs?.start();
  triggers.start();
  const releasing = setInterval(
    () => void release(),
    Math.min(RELEASE_EVERY_MS, Math.max(RELEASE_AT_MOST_EVERY_MS, config.finishedRoundRetentionMs)),
  );
  logger.info(
    {
      ...address,
      fleet: journal.state.view.fleet,
      epoch: epochInForce(journal.state, now())?.epoch.epoch ?? null,
      rounds: journal.state.rounds.size,
    },
    'coordinator is listening',
  );

  const stop = async () => {
    clearInterval(releasing);
    triggers.stop();
    freshness.stop();
    readiness.stop();
    epochs?.stop();
    driver.stop();
    unshare?.();
    unfollow?.();
    closing.abort();
    await closeAll([
      () => server.close(config.shutdownGraceMs),
      () => tasks?.stop(),
      () => finisher.stop(),
      () => backend.close(),
    ]);
    logger.info('coordinator has stopped');
  };
  let stopping: Promise<void> | undefined;
  return { port: 'port' in address ? address.port : 0, release, stop: () => (stopping ??= stop()) };
}

/** A round has to end within its epoch: so the next epoch must be there before the longest one would not fit any more. */
function renewBefore({ epochLifetimeMs, epochSetupTimeoutMs, clusters }: Config): number {
  const longest = Math.max(0, ...clusters.map(({ plan }) => plan.durationMs));
  return Math.min(
    Math.floor(epochLifetimeMs / 2),
    Math.max(Math.floor(epochLifetimeMs / 10), longest + epochSetupTimeoutMs),
  );
}
