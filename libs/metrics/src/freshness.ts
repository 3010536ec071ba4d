import { Gauge, type Registry } from 'prom-client';

/** Absent where the policy needs no statement. */
export function createFreshnessMetric(registry: Registry): (seconds: number | undefined) => void {
  const left = new Gauge({
    name: 'secure_agg_freshness_left_seconds',
    help: 'Time until this party stops for want of a newer statement that policy and roster are current; at most 0 once it has stopped',
    registers: [registry],
  });
  left.remove();
  return (seconds) => (seconds === undefined ? left.remove() : left.set(seconds));
}
