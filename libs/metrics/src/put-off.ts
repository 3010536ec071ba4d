import { putOffReasons } from '@secagg/schema';
import { Gauge, type Registry } from 'prom-client';

/** Every reason of a cluster is there, at zero, from the first time that anything is said of it. */
export function createPutOffMetric(registry: Registry): (cluster: string, reason: string | undefined) => void {
  const gauge = new Gauge({
    name: 'secure_agg_rounds_put_off',
    help: '1 for the reason for which the next round of an interval comes later, 0 otherwise',
    labelNames: ['cluster', 'reason'] as const,
    registers: [registry],
  });
  return (cluster, found) => {
    for (const reason of putOffReasons) gauge.set({ cluster, reason }, Number(reason === found));
  };
}
