import { Counter, type Registry } from 'prom-client';

/** What a router can prove against its coordinator. At zero from the start, so that the first one shows in a rate. */
export function createAlarmMetrics(registry: Registry): { receiptNotHonoured(): void } {
  const notHonoured = new Counter({
    name: 'secure_agg_receipts_not_honoured_total',
    help: 'Rounds that were decided without a contribution the coordinator had acknowledged, with evidence of it',
    registers: [registry],
  });
  return { receiptNotHonoured: () => notHonoured.inc() };
}
