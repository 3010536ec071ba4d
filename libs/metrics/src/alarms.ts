import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * What a router can prove against its coordinator. A cluster is opened at zero, so that its first one shows in a rate.
 */
export function createAlarmMetrics(registry: Registry): { open(cluster: string): void; count(cluster: string): void } {
  const notHonoured = new Counter({
    name: 'secure_agg_receipts_not_honoured_total',
    help: 'Rounds that were decided without a contribution the coordinator had acknowledged, with evidence of it',
    labelNames: ['cluster'] as const,
    registers: [registry],
  });
  return { open: (cluster) => notHonoured.inc({ cluster }, 0), count: (cluster) => notHonoured.inc({ cluster }) };
}

/**
 * Whether a router's operator has to look at its catalogue; how much it observes, and of what, is nobody else's
 * business.
 */
export function createQuotaMetrics(registry: Registry): { unlistedQuotaFull(full: boolean): void } {
  const isFull = new Gauge({
    name: 'secure_agg_unlisted_quota_full',
    help: '1 while observations whose model:task the last catalogue lacks are not kept any more, 0 otherwise',
    registers: [registry],
  });
  return { unlistedQuotaFull: (full) => isFull.set(Number(full)) };
}
