import { Gauge, type Registry } from 'prom-client';

export type SuspicionCounts = ReadonlyMap<string, { readonly suspected: number; readonly quarantined: number }>;

/**
 * Scores over rounds, by the hash of a cluster in the fleet policy: never by router, of which there may be thousands.
 */
export function createSuspicionMetrics(registry: Registry): (counts: SuspicionCounts) => void {
  const registers = [registry];
  const labelNames = ['cluster'] as const;
  const suspected = new Gauge({
    name: 'federation_routers_suspected',
    help: 'Routers that scores over rounds name',
    labelNames,
    registers,
  });
  const quarantined = new Gauge({
    name: 'federation_routers_quarantined',
    help: 'Routers whose contributions are refused for that',
    labelNames,
    registers,
  });
  return (counts) => {
    suspected.reset();
    quarantined.reset();
    for (const [cluster, count] of counts) {
      suspected.set({ cluster }, count.suspected);
      quarantined.set({ cluster }, count.quarantined);
    }
  };
}
