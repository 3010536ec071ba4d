import { type EvidenceKind, evidenceKind } from '@secagg/schema';
import { Counter, type Registry } from 'prom-client';

/** Counts proven misbehaviour by its kind, of which there is a fixed list; all are there from the start, at zero. */
export function createMisbehaviourCounter(registry: Registry): (kind: EvidenceKind) => void {
  const counter = new Counter({
    name: 'secure_agg_misbehaviour_proven_total',
    help: 'Misbehaviour of parties that signed statements prove, by kind',
    labelNames: ['kind'] as const,
    registers: [registry],
  });
  for (const kind of evidenceKind.options) counter.inc({ kind }, 0);
  return (kind) => counter.inc({ kind });
}
