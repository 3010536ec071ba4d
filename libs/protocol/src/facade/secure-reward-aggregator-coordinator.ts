/** The coordinator's side of the library face, with the committee in the same process. */
import {
  type AbortReason,
  type Bytes,
  type ProblemCode,
  SecaggError,
  signedMessage,
  transcriptMessage,
} from '@secagg/schema';
import { auditTranscript } from '../auditor/audit-round';
import { type PublishedResult, publishedResult } from '../result/published-result';
import { roundOf } from '../coordinator/state';
import { type ImplausibleGroup } from '../robust/plausibility';
import { roundKey } from '../round/verified-round';
import { type EncryptedRewardContribution, fromEncryptedContribution } from './encrypted-reward-contribution';
import { runCommittee } from './local-parties';
import { type SecureAggregationKeys } from './secure-aggregation-keys';
import { type RoundSource } from './secure-reward-aggregator-node';

/** `accepted` with the coordinator's signed receipt, or not with the stable code of the check that failed. */
export type CollectOutcome =
  | { readonly accepted: true; readonly receipt: Bytes }
  | { readonly accepted: false; readonly reason: ProblemCode; readonly message: string };

/**
 * The aggregated signal with what stands behind it, or null with the reason. `published` is the transcript, which
 * anyone can audit.
 */
export type AggregationOutcome =
  | (PublishedResult & { readonly published: Bytes })
  | {
      readonly signal: null;
      readonly reason: AbortReason | 'no_round' | 'committee_unavailable';
      readonly published?: Bytes;
    }
  | {
      /** No honest routers can have sent what was summed. The round is over, and was paid for. */
      readonly signal: null;
      readonly reason: 'implausible';
      readonly implausible: readonly ImplausibleGroup[];
      readonly published: Bytes;
    };

export class SecureRewardAggregatorCoordinator implements RoundSource {
  private current: string | undefined;
  private finished: string | undefined;

  constructor(private readonly keys: SecureAggregationKeys) {}

  /**
   * The open round, encoded for routers; announces the next one when none is open. It stays open until
   * `performSecureAggregation`, which should be within a day: after that, routers refuse to join. Throws
   * `budget_exhausted` or `policy` when none may be announced.
   */
  openRound(): Bytes {
    const { fleet, plan, clock } = this.keys;
    if (this.current === undefined) {
      const nowMs = clock();
      const { epoch } = fleet.coordinator.state;
      if (!epoch || epoch.body.not_after_ms < nowMs + plan.durationMs) fleet.startEpoch(nowMs);
      this.current = fleet.announce(plan, nowMs).key;
    }
    return fleet.coordinator.open(this.current);
  }

  /**
   * Checks a contribution and adds it to the sum. The same one again is accepted again, with the same receipt, and
   * counts once.
   */
  collectContribution(contribution: EncryptedRewardContribution): CollectOutcome {
    try {
      const { bytes, cluster } = fromEncryptedContribution(contribution);
      const receipt = this.keys.fleet.coordinator.contribute(roundKey(cluster, contribution.aggregation_round), bytes);
      return { accepted: true, receipt: signedMessage.encode(receipt) };
    } catch (error) {
      if (error instanceof SecaggError) return { accepted: false, reason: error.code, message: error.message };
      throw error;
    }
  }

  /**
   * Closes the open round and lets the committee open its sum, or, with fewer contributions than asked for, abort it:
   * nothing is opened then, and routers get their charge back from `published`. Either way the next contribution opens
   * a new round.
   * @param minParticipants counts where it is above the minimum that was announced, which no request can lower
   */
  performSecureAggregation({ minParticipants }: { readonly minParticipants: number }): AggregationOutcome {
    const key = this.current;
    if (key === undefined) return { signal: null, reason: 'no_round' };
    this.current = undefined;
    const { coordinator, members, authority } = this.keys.fleet;
    const nowMs = this.keys.clock();
    const round = roundOf(coordinator.state, key);
    const enough = round.accepted.size >= Math.max(minParticipants, round.verified.config.min_participants_per_group);
    coordinator.commit({
      events: [
        { type: 'round-closed', key, atMs: nowMs },
        ...(enough ? [] : [{ type: 'abort-proposed', key, reason: 'insufficient_participants' } as const]),
      ],
      reply: undefined,
    });
    runCommittee(coordinator, members, nowMs);
    for (const member of members) member.forget(key);
    // The last round stays, so that a contribution sent again still gets its receipt.
    if (this.finished !== undefined) coordinator.forget(this.finished);
    this.finished = key;
    if (!round.decision || (round.phase !== 'published' && round.phase !== 'aborted'))
      return { signal: null, reason: 'committee_unavailable' };
    const transcript = coordinator.transcript(key);
    const published = transcriptMessage.encode(transcript);
    const audited = auditTranscript(authority.publicKey, transcript);
    if (audited.kind === 'opened') {
      const result = publishedResult(audited);
      const { implausible } = result;
      return implausible ? { signal: null, reason: 'implausible', implausible, published } : { ...result, published };
    }
    const { body } = audited.decision;
    return { signal: null, reason: body.kind === 'abort' ? body.reason : 'committee_unavailable', published };
  }
}
