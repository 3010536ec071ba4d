/** The node's HTTP face. */
import { SecaggError } from '@secagg/schema';
import express, { type Express } from 'express';
import { hasCrashPoints } from '../failpoint';
import { type Intake } from '../observations/intake';
import { crashPoints } from './crash-points';
import { getBudgetHistory } from './get-budget-history';
import { getDecision } from './get-decision';
import { getEvidence } from './get-evidence';
import { getSignal } from './get-signal';
import { getStatus, type StatusSources } from './get-status';
import { health } from './health';
import { metricsRoute } from './metrics';
import { postDecision } from './post-decision';
import { postObservations } from './post-observations';
import { problemHandler } from './problem';
import { putSignal } from './put-signal';

export function createApp(sources: StatusSources, intake: Intake): Express {
  const { router } = sources;
  const { config, store, metrics, log } = router;
  const routes = express.Router();
  postObservations(routes, intake);
  putSignal(routes, config, store);
  getSignal(routes, router);
  getStatus(routes, sources);
  getBudgetHistory(routes, store);
  getDecision(routes, store);
  postDecision(routes, router);
  getEvidence(routes, store);
  health(routes, store);
  metricsRoute(routes, metrics);

  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  if (hasCrashPoints) app.use(crashPoints);
  app.use(routes);
  app.use(() => {
    throw new SecaggError('not_found', 'there is no such operation');
  });
  app.use(problemHandler(log, (code) => metrics.messageRefused(code)));
  return app;
}
