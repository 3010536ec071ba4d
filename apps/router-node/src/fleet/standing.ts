/** What this node can prove about other parties, and whether the policy excludes the coordinator for it. */
import { type FleetView, ProvenMisbehaviour, verifyEvidence } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { type Logger } from 'pino';
import { type RouterNodeMetrics } from '@secagg/metrics';
import { type MisbehaviourTable } from '../store/misbehaviour';

export class Standing {
  constructor(
    private readonly table: MisbehaviourTable,
    private readonly metrics: Pick<RouterNodeMetrics, 'misbehaviourProven'>,
    private readonly log: Logger,
    private readonly now: () => number,
  ) {}

  /** Keeps encoded evidence, checked as any stranger would check it. Throws what does not hold. */
  keep(authorityKey: Uint8Array, evidence: Uint8Array): void {
    const proven = verifyEvidence(authorityKey, evidence);
    if (!this.table.put(proven, evidence, this.now())) return;
    this.metrics.misbehaviourProven(proven.kind);
    this.log.error({ ...proven }, 'misbehaviour is proven: see /v1/evidence for the proof');
  }

  /** Keeps the evidence that a refusal comes with, where it has any. */
  refused(authorityKey: Uint8Array, error: unknown): void {
    if (error instanceof ProvenMisbehaviour) this.keep(authorityKey, error.evidence);
  }

  /** Throws `excluded` for a party that this node has evidence against, where the policy says so. */
  check(view: FleetView, party: string): void {
    if (view.policy.misbehaviour !== 'exclude') return;
    const serial = view.certificates.get(party as never)?.serial;
    if (serial !== undefined && this.table.has(party, serial)) {
      throw new SecaggError('excluded', `${party} is excluded for proven misbehaviour`, { party, check: 'standing.excluded' });
    }
  }
}
