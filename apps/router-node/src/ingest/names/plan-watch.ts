/**
 * Asks the coordinator now and then what the next rounds will take, so that the operator sees before a round whether
 * the names fit.
 */
import { pause } from '@secagg/client';
import { type ClusterCatalogue, SecaggError } from '@secagg/schema';
import { isTransient } from '../../fleet/coordinator-contact';
import { type Router } from '../../participant/router';

/** Plans change when a coordinator is started again with another one. */
const EVERY_MS = 3_600_000;

/** Runs until the signal is aborted. */
export async function watchPlan(router: Router, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    try {
      const plan = await router.client.catalogue(router.config.cluster, { signal, attempts: 1 });
      if (plan) take(router, plan);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof SecaggError)) throw error;
      failures = isTransient(error) ? failures + 1 : 0;
    }
    const paused = failures > 0 ? router.contact.backOff(failures, signal) : pause(EVERY_MS, signal);
    await paused.catch(() => undefined);
  }
}

function take({ observations, values }: Router, { keys, fields }: ClusterCatalogue): void {
  // It is for showing only; a store that has ended says so by itself.
  observations.plan(keys).catch(() => undefined);
  values.learn({ keys, fields }, 'planned');
}
