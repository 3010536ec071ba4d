import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Metrics of whole rounds, common to both apps. */
export function createRoundMetrics(registry: Registry): (seconds: number, participants: number) => void {
  const registers = [registry];
  const completed = new Counter({
    name: 'federated_rounds_completed',
    help: 'Rounds with a published (coordinator) or verified (router) result',
    registers,
  });
  const participants = new Gauge({
    name: 'secure_agg_participants',
    help: 'Contributions in the last completed round',
    registers,
  });
  const duration = new Histogram({
    name: 'federation_round_duration_seconds',
    help: 'From the announcement of a round to its result',
    buckets: [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600],
    registers,
  });
  return (seconds, count) => {
    completed.inc();
    participants.set(count);
    duration.observe(seconds);
  };
}

/** The fleet as the coordinator sees it. */
export function createFleetMetrics(registry: Registry): {
  nodesActive(count: number): void;
  participation(rate: number): void;
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
    registers,
  });
  // Zero would read as "nobody takes part" until the first round has ended.
  rate.remove();
  return { nodesActive: (count) => active.set(count), participation: (value) => rate.set(value) };
}
