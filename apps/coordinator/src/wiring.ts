/** What acts in the coordinator, put together; nothing of it has started yet. */
import { serving } from '@secagg/host';
import { accessOf, createHttpServer } from '@secagg/http';
import { createMetrics } from '@secagg/metrics';
import { type Logger } from 'pino';
import { type Config } from './config';
import { AutoEpochs } from './epochs/auto-epochs';
import { FreshnessWatch } from './freshness-watch';
import { MisbehaviourKeeper } from './misbehaviour';
import { observe } from './observe';
import { type Opened } from './open-engine';
import { Readiness } from './readiness';
import { shareWaiting } from './replicas/share-waiting';
import { TaskRunner } from './replicas/task-runner';
import { createOperations } from './routes';
import { budgetFigures } from './rounds/budget';
import { HARD_CAP_BYTES } from './rounds/contribution-size';
import { RoundFinisher } from './rounds/finish-rounds';
import { ViewSource } from './rounds/member-views';
import { isFinal } from './rounds/phases';
import { ProofSource } from './rounds/proofs';
import { Retention } from './rounds/release-rounds';
import { RoundDriver } from './rounds/round-driver';
import { ScheduleWarnings } from './rounds/schedule-warnings';
import { RoundTriggers } from './rounds/triggers';
import { WaitingRouters } from './rounds/waiting-routers';
import { followScores } from './suspicion/follow-scores';

const ACTIVE_WINDOW_MS = 120_000;

export function wire(config: Config, { backend, engine, contributions, scores }: Opened, logger: Logger) {
  const { journal, store, now } = engine;
  const { replica, operators } = backend;
  const closing = new AbortController();
  const metrics = createMetrics({ app: 'coordinator' });
  const waiting = new WaitingRouters();
  const activeRouters = () => waiting.countActive(now(), ACTIVE_WINDOW_MS);
  const observer = observe({ engine, metrics, logger, activeRouters });
  const { roundFailed, unexpected } = observer;

  const misbehaviour = new MisbehaviourKeeper(engine, logger, metrics.misbehaviourProven);
  const driver = new RoundDriver(engine, replica ? undefined : contributions, roundFailed);
  const refreshScores = async (cluster: string) => {
    const named = await scores.refresh(journal.state.view, cluster);
    observer.routersNamed(cluster, named);
  };
  const onFinished: ConstructorParameters<typeof RoundFinisher>[2] = async (record, round, result) => {
    if (record.phase === 'published') await refreshScores(record.cluster);
    observer.roundFinished(record, round, result);
  };
  const finisher = new RoundFinisher(engine, contributions, onFinished, roundFailed);
  const views = new ViewSource(store);
  journal.onEvent((event) => {
    if ('key' in event && isFinal(journal.state.rounds.get(event.key)?.phase ?? 'published')) views.forget(event.key);
  });
  const plans = config.clusters.map(({ plan }) => plan);
  const schedules = new ScheduleWarnings(journal, config.clusters, observer.scheduleDoesNotFit);
  const freshness = new FreshnessWatch(engine, metrics, logger);
  const readiness = new Readiness(engine, plans, closing.signal, logger, metrics);
  const refreshGauges = () => {
    freshness.look();
    readiness.look();
    metrics.nodesActive(activeRouters());
    metrics.privacyBudget(budgetFigures(journal.state, plans, now()));
    const { view } = journal.state;
    const clusters = view.policy.clusters.map(({ cluster }) => cluster);
    metrics.clustersKnown(clusters);
    metrics.routersSuspected(new Map(clusters.map((cluster) => [cluster, scores.count(view, cluster)])));
  };
  const triggers = new RoundTriggers(engine, config.clusters, waiting, observer.roundRefused, observer.roundsPutOff);
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
    scheduleWarnings: (cluster) => schedules.all(cluster),
    epochLifetimeMs: config.epochLifetimeMs,
    metrics,
    refreshGauges,
    readiness,
  });
  const server = createHttpServer(operations, {
    fresh: () => journal.fresh(),
    reading: () => journal.reading(),
    onProblem: (problem, cause, operation, counts) => {
      misbehaviour.refused(cause);
      observer.problem(problem, cause, operation, counts);
    },
    closing: closing.signal,
    access: accessOf(config),
    limits: config.limits,
    largestBodyBytes: HARD_CAP_BYTES,
  });
  const whereRoutersCount = config.clusters
    .filter(({ trigger }) => trigger.kind !== 'manual')
    .map(({ plan }) => plan.cluster as string);

  return {
    /** With replicas, tasks finish rounds, and the finisher does so only when it is called. */
    finisher: {
      name: 'finished rounds',
      start: () => (replica ? undefined : finisher.watch()),
      stop: () => finisher.stop(),
    },
    tasks: replica && new TaskRunner(engine, replica.store, contributions, finisher, config.leaseMs, roundFailed),
    face: serving(server, config, config.shutdownGraceMs, closing),
    waitingElsewhere: replica && shareWaiting(replica.store, waiting, whereRoutersCount, unexpected),
    scoresElsewhere: replica && followScores(engine, finisher, refreshScores, unexpected),
    driver,
    freshness,
    readiness,
    epochs: config.autoEpochs
      ? new AutoEpochs(engine, epochSettings(config), observer.epochStarted, unexpected)
      : undefined,
    triggers,
    retention: new Retention(
      engine,
      {
        finishedRoundMs: config.finishedRoundRetentionMs,
        transcriptMs: config.transcriptRetentionMs,
        recordMs: config.recordRetentionMs,
      },
      unexpected,
    ),
  };
}

const epochSettings = (config: Config) => ({
  lifetimeMs: config.epochLifetimeMs,
  renewBeforeMs: config.epochRenewBeforeMs ?? renewBefore(config),
  setupTimeoutMs: config.epochSetupTimeoutMs,
});

/**
 * A round has to end within its epoch: so the next epoch must be there before the longest one would not fit any more.
 */
function renewBefore({ epochLifetimeMs, epochSetupTimeoutMs, clusters }: Config): number {
  const longest = Math.max(0, ...clusters.map(({ plan }) => plan.durationMs));
  return Math.min(
    Math.floor(epochLifetimeMs / 2),
    Math.max(Math.floor(epochLifetimeMs / 10), longest + epochSetupTimeoutMs),
  );
}
