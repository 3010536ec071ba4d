/** What acts in the node, put together; nothing of it has started yet. */
import { logRefusal, serving } from '@secagg/host';
import { accessOf, createHttpServer, type HttpServerOptions } from '@secagg/http';
import { certificateProblem } from '@secagg/protocol';
import { fleetDocumentsMessage } from '@secagg/schema';
import { Committee } from './committee/committee';
import { type Member } from './committee/member';
import { named } from './config';
import { DocumentsFolder } from './fleet/documents-folder';
import { FreshnessWatch } from './fleet/freshness-watch';
import { Readiness } from './fleet/readiness';
import { Standing } from './fleet/standing';
import { watchPlan } from './ingest/names/plan-watch';
import { ValueLog } from './ingest/values/value-log';
import { type StartFiles } from './key-files';
import { loops } from './loops';
import { type Node } from './node';
import { type ObservationStore } from './observations/observation-store';
import { type Stores } from './open-stores';
import { Participant } from './participant/participant';
import { type Router } from './participant/router';
import { PriorsKeeper } from './priors/priors-keeper';
import { createOperations } from './routes';
import { MAX_PAYLOADS_BYTES } from './routes/post-litellm';
import { type RouterStore } from './store/router-store';

/** How long a shutdown waits for requests under way. */
export const STOP_GRACE_MS = 5000;

export function wire(node: Node, stores: Stores, token: StartFiles['token'], onFailure: (error: unknown) => void) {
  const { config, log, metrics } = node;
  const { store, observations, releases, seats } = stores;
  const standing = new Standing(store.misbehaviour, metrics, log, node.now);
  const priors = priorsKeeper(node, store, observations);
  const router: Router = {
    ...node,
    store,
    observations: tellingOf(observations, () => priors.changed()),
    releases,
    standing,
    values: new ValueLog(metrics, log),
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

  const operations = createOperations({ router, participant, readiness, ...(member ? { member } : {}) }, () => {
    freshness.look();
    readiness.show();
  });
  const closing = new AbortController();
  const server = createHttpServer(operations, {
    onProblem: problemsOf(node),
    closing: closing.signal,
    access: accessOf(config, token),
    limits: config.limits,
    largestBodyBytes: Math.max(MAX_PAYLOADS_BYTES, fleetDocumentsMessage.maxBytes),
  });
  return {
    face: serving(server, config, STOP_GRACE_MS, closing),
    loops: loops(
      [
        (signal) => participant.run(signal),
        (signal) => freshness.run(signal),
        (signal) => readiness.run(signal),
        (signal) => watchPlan(router, signal),
        (signal) => priors.run(signal),
        (signal) => (committee ? committee.run(signal) : warnWithoutStoreKey(node, signal)),
      ],
      onFailure,
    ),
  };
}

/** Counts and logs what was refused. */
const problemsOf =
  ({ metrics, log }: Pick<Node, 'metrics' | 'log'>): HttpServerOptions['onProblem'] =>
  (problem, cause, operation, counts) => {
    if (counts) metrics.messageRefused(problem.code);
    logRefusal(log, problem, cause, operation);
  };

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
  const fleet = (): string | undefined => (store.journal.hasBegun ? store.journal.state.view.fleet : undefined);
  return new PriorsKeeper(store.history, observations, fleet, now, log, {
    cluster,
    halfLifeHours: priorHalfLifeHours,
    ageLimitHours: priorAgeLimitHours,
    minMass: priorMinRequests,
  });
}

async function warnWithoutStoreKey({ fleet, context, now, log }: Node, signal: AbortSignal): Promise<void> {
  const view = await fleet.untilKnown(signal).catch(() => undefined);
  if (view && !certificateProblem(view, context.identity, 'committee', now())) {
    log.warn(`this node may serve on the committee, but takes no seats without ${named('storeKeyFile')}`);
  }
}
