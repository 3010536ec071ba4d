import { Counter, Gauge, type Registry } from 'prom-client';

/** What becomes of rows that come in at a router-node, by where they come in. */
export type IngestSource = 'observations' | 'litellm' | 'traces' | 'logs' | 'scores';

export interface IngestMetrics {
  /** @param reason the reason of a skip or the problem code of a refusal; empty for accepted rows */
  rowsTaken(source: IngestSource, outcome: 'accepted' | 'skipped' | 'rejected', reason: string, count: number): void;
  /** Values above the bound of their field. @param key of the catalogue, which is public; undefined for any other */
  valuesClipped(field: string, key: string | undefined, count: number): void;
  /** Waiting observations by whether rounds take their keys; `unknown` before a catalogue is known. */
  observationsWaiting(counts: {
    readonly listed?: number;
    readonly unlisted?: number;
    readonly unknown?: number;
  }): void;
  /** Values that were given and are of no use. */
  valuesDropped(field: string, key: string | undefined, count: number): void;
}

const UNLISTED = 'unlisted';

export function createIngestMetrics(registry: Registry): IngestMetrics {
  const registers = [registry];
  const rows = new Counter({
    name: 'router_ingest_rows_total',
    help: 'Rows that the software of the router has reported, by source and outcome',
    labelNames: ['source', 'outcome', 'reason'] as const,
    registers,
  });
  const waiting = new Gauge({
    name: 'router_observations_waiting',
    help: 'Observations that wait for a round, by whether the catalogue has their keys',
    labelNames: ['catalogue'] as const,
    registers,
  });
  const labelNames = ['field', 'key'] as const;
  const clipped = new Counter({
    name: 'router_values_clipped_total',
    help: 'Values of observations above the bound of their field, by field and key of the catalogue',
    labelNames,
    registers,
  });
  const dropped = new Counter({
    name: 'router_values_dropped_total',
    help: 'Values of observations that were given and are of no use, by field and key of the catalogue',
    labelNames,
    registers,
  });
  return {
    rowsTaken: (source, outcome, reason, count) => rows.inc({ source, outcome, reason }, count),
    observationsWaiting: (counts) => {
      waiting.reset();
      for (const [catalogue, count] of Object.entries(counts)) waiting.set({ catalogue }, count);
    },
    valuesClipped: (field, key = UNLISTED, count) => clipped.inc({ field, key }, count),
    valuesDropped: (field, key = UNLISTED, count) => dropped.inc({ field, key }, count),
  };
}
