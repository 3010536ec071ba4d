import { Gauge, type Registry } from 'prom-client';

/** Every reason is there from the start, at zero. */
export function createReadinessMetric(
  registry: Registry,
  reasons: readonly string[],
): (found: ReadonlySet<string>) => void {
  const gauge = new Gauge({
    name: 'secure_agg_not_ready',
    help: '1 for each reason for which this service is not ready, 0 otherwise: the reasons of /readyz',
    labelNames: ['reason'] as const,
    registers: [registry],
  });
  const show = (found: ReadonlySet<string>): void => {
    for (const reason of reasons) gauge.set({ reason }, Number(found.has(reason)));
  };
  show(new Set());
  return show;
}
