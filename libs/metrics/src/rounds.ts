import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** By the hash of a cluster of the fleet policy. */
const labelNames = ['cluster'] as const;

export interface RoundMetrics {
  /** Opens the series of a cluster at zero, so that its first round shows in a rate. */
  open(cluster: string): void;
  ended(cluster: string, seconds: number, participants: number): void;
}

/** Metrics of whole rounds, common to both apps. */
export function createRoundMetrics(registry: Registry): RoundMetrics {
  const registers = [registry];
  const completed = new Counter({
    name: 'federated_rounds_completed',
    help: 'Rounds with a published (coordinator) or verified (router) result',
    labelNames,
    registers,
  });
  const participants = new Gauge({
    name: 'secure_agg_participants',
    help: 'Contributions in the last completed round',
    labelNames,
    registers,
  });
  const duration = new Histogram({
    name: 'federation_round_duration_seconds',
    help: 'From the announcement of a round to its result',
    labelNames,
    buckets: [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600],
    registers,
  });
  return {
    open: (cluster) => completed.inc({ cluster }, 0),
    ended: (cluster, seconds, count) => {
      completed.inc({ cluster });
      participants.set({ cluster }, count);
      duration.observe({ cluster }, seconds);
    },
  };
}

/** The fleet as the coordinator sees it. */
export function createFleetMetrics(registry: Registry): {
  nodesActive(count: number): void;
  participation(cluster: string, rate: number): void;
} {
  const registers = [registry];
  const active = new Gauge({
    name: 'federation_nodes_active',
    help: 'Routers heard from within the activity window',
    registers,
  });
  const rate = new Gauge({
    name: 'federation_participation_rate',
    help: 'Contributions in the last completed round per active router, 0 to 1',
    labelNames,
    registers,
  });
  return { nodesActive: (count) => active.set(count), participation: (cluster, value) => rate.set({ cluster }, value) };
}
