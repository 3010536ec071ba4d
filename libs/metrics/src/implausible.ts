import { Counter, type Registry } from 'prom-client';

/**
 * Counts rounds that no honest fleet can have produced. A cluster is opened at zero, so that its first one shows in a
 * rate.
 */
export function createImplausibleCounter(registry: Registry): {
  open(cluster: string): void;
  count(cluster: string): void;
} {
  const counter = new Counter({
    name: 'secure_agg_rounds_implausible_total',
    help: 'Published (coordinator) or verified (router) rounds without a usable result, because no honest routers can have sent their sums',
    labelNames: ['cluster'] as const,
    registers: [registry],
  });
  return { open: (cluster) => counter.inc({ cluster }, 0), count: (cluster) => counter.inc({ cluster }) };
}
