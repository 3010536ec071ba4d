/** A router's side of the library face: encrypts its signal for the open round, and verifies what comes of it. */
import {
  type Bytes,
  encodeSignal,
  type FederatedRewardSignal,
  openRoundMessage,
  parseSignal,
  receiptMessage,
  roundConfigMessage,
  SecaggError,
  signedMessage,
  transcriptMessage,
} from '@secagg/schema';
import { type PublishedResult, publishedResult } from '../result/published-result';
import { roundKey } from '../round/verified-round';
import { type EncryptedRewardContribution, toEncryptedContribution } from './encrypted-reward-contribution';
import { type RouterKeys } from './secure-aggregation-keys';

/** Where a node learns which round is open; nothing it says is believed unchecked. */
export interface RoundSource {
  /** The encoded announcement and epoch certificate (`openRoundMessage`). */
  openRound(): Bytes;
}

export class SecureRewardAggregatorNode {
  readonly routerId: string;
  private missing: readonly string[] = [];

  constructor(
    private readonly keys: RouterKeys,
    private readonly rounds: RoundSource,
  ) {
    this.routerId = keys.id;
  }

  /** Keys of the last signal that the catalogue lacks: for this router's operator only. */
  get missingKeys(): readonly string[] {
    return this.missing;
  }

  /**
   * Encrypts a local signal for the open round, clipped and with this router's share of the noise. Charges the router's
   * budget. The signal must be of the round's cluster; its own round number and privacy fields are not looked at.
   * @throws SecaggError `invalid` for a signal that is not valid or of another cluster, `stale_round` when this router
   * has answered the
   *   round already, `policy` or `budget_exhausted` when it must not take part
   */
  encryptRewardSignal(signal: FederatedRewardSignal): EncryptedRewardContribution {
    const open = this.rounds.openRound();
    const { layout, cluster } = roundConfigMessage.decode(openRoundMessage.decode(open).announcement.body);
    const valid = parseSignal(signal);
    if (valid.cluster_hash !== cluster)
      throw new SecaggError('invalid', 'the signal is of another cluster', { path: 'cluster_hash' });
    const { party, clock } = this.keys;
    const nowMs = clock();
    const round = party.check(open, nowMs);
    const { vector, missing } = encodeSignal(layout, valid);
    this.missing = missing;
    return toEncryptedContribution(party.build(round, vector, nowMs));
  }

  /**
   * Keeps the coordinator's signed receipt, which makes a dropped contribution provable. Throws `bad_signature`,
   * `wrong_config`, `no_round`.
   */
  keepReceipt(receipt: Bytes): void {
    const signed = signedMessage.decode(receipt);
    const { cluster, round } = receiptMessage.decode(signed.body);
    this.keys.party.keepReceipt(roundKey(cluster, round), signed);
  }

  /**
   * Verifies a published round from the fleet authority's key alone, and settles this router's charge: corrected to the
   * actual set, or given back when it was left out or the round aborted. Undefined for an aborted round. Throws the
   * code of what does not hold.
   */
  receiveResult(published: Bytes): PublishedResult | undefined {
    const transcript = transcriptMessage.decode(published);
    const { cluster, round } = roundConfigMessage.decode(transcript.announcement.body);
    const settled = this.keys.party.settleBy(transcript, roundKey(cluster, round), this.keys.clock());
    return settled?.audited.kind === 'opened' ? publishedResult(settled.audited) : undefined;
  }
}
