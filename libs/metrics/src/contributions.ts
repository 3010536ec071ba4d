import { Counter, Histogram, type Registry } from 'prom-client';

/** Contributions that went through this process: taken by a coordinator, or sent by a router. */
export function createContributionMetrics(registry: Registry): {
  /** Opens the series of a cluster at zero. */
  open(cluster: string): void;
  counted(cluster: string): void;
  validated(seconds: number): void;
} {
  const registers = [registry];
  const batches = new Counter({
    name: 'federated_reward_batches_total',
    help: 'Contributions accepted (coordinator) or sent with a receipt (router)',
    labelNames: ['cluster'] as const,
    registers,
  });
  const validation = new Histogram({
    name: 'secure_agg_contribution_validation_seconds',
    help: 'Time to check one contribution, accepted or not',
    buckets: [0.0001, 0.0002, 0.0004, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5],
    registers,
  });
  return {
    open: (cluster) => batches.inc({ cluster }, 0),
    counted: (cluster) => batches.inc({ cluster }),
    validated: (seconds) => validation.observe(seconds),
  };
}
