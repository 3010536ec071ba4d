/** What this node can prove about other parties, and whether the policy excludes the coordinator for it. */
import { type FleetView, isByAccident, ProvenMisbehaviour, verifyEvidence } from '@secagg/protocol';
import { type EvidenceKind, type PartyId, SecaggError } from '@secagg/schema';
import { type Logger } from 'pino';
import { type RouterNodeMetrics } from '@secagg/metrics';
import { type MisbehaviourTable } from '../store/misbehaviour';

const RETRY_MS = 1000;

export class Standing {
  constructor(
    private readonly table: MisbehaviourTable,
    private readonly metrics: Pick<RouterNodeMetrics, 'misbehaviourProven'>,
    private readonly log: Logger,
    private readonly now: () => number,
  ) {}

  /**
   * Verifies encoded evidence from the authority's key alone, and keeps it. Evidence that does not verify is logged; it
   * is no reason to stop.
   */
  keep(authorityKey: Uint8Array, evidence: Uint8Array): void {
    try {
      const proven = verifyEvidence(authorityKey, evidence);
      if (!this.table.put(proven, evidence, this.now())) return;
      const { kind, party, serial, cluster, round, epoch } = proven;
      this.metrics.misbehaviourProven(kind);
      this.log.error(
        { kind, party, serial, cluster, round, epoch },
        'misbehaviour is proven: see /v1/evidence for the proof',
      );
    } catch (error) {
      if (!(error instanceof SecaggError)) throw error;
      if (error.code === 'unavailable') return this.keepLater(authorityKey, evidence);
      this.log.error({ code: error.code, detail: error.message }, 'evidence does not hold, and is not kept');
    }
  }

  /** Another process has locked the database: what is proven must not be lost for that. */
  private keepLater(authorityKey: Uint8Array, evidence: Uint8Array): void {
    setTimeout(() => {
      try {
        this.keep(authorityKey, evidence);
      } catch (error) {
        this.log.error({ error }, 'evidence could not be kept');
      }
    }, RETRY_MS).unref();
  }

  /** Keeps the evidence that a refusal comes with, where it has any. */
  refused(authorityKey: Uint8Array, error: unknown): void {
    if (error instanceof ProvenMisbehaviour) this.keep(authorityKey, error.evidence);
  }

  /** Throws `excluded` for a party that this node has evidence against, where the policy says so. */
  check(view: FleetView, party: string): void {
    if (view.policy.misbehaviour !== 'exclude') return;
    const key = view.certificates.get(party as PartyId)?.public_key;
    if (key && this.table.kindsOf(party, key).some((kind) => !isByAccident(kind as EvidenceKind))) {
      throw new SecaggError('excluded', `${party} is excluded for proven misbehaviour`, {
        party,
        check: 'standing.excluded',
      });
    }
  }
}
