import { Counter, type Registry } from 'prom-client';

/** Counts rounds that no honest fleet can have produced. At zero from the start, so that the first one shows in a rate. */
export function createImplausibleCounter(registry: Registry): () => void {
  const counter = new Counter({
    name: 'secure_agg_rounds_implausible_total',
    help: 'Published (coordinator) or verified (router) rounds without a usable result, because no honest routers can have sent their sums',
    registers: [registry],
  });
  return () => counter.inc();
}
