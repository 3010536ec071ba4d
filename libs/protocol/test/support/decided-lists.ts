/**
 * Decided rounds of any size without the encryption: headers, one member's report and its vote, signed with the real
 * keys.
 */
import { merkleRoot, signMessage } from '@secagg/crypto';
import {
  type ContributionHeader,
  type Decision,
  headerMessage,
  type PartyId,
  reportMessage,
  type Signed,
  voteBodyMessage,
} from '@secagg/schema';
import {
  bitOf,
  type CheckedHeader,
  decidedList,
  type DecidedList,
  deriveSet,
  groupOf,
  headerHash,
  readyBody,
  signDocument,
  type VerifiedDecision,
  type VerifiedRound,
  verifyDecision,
} from '../../src';
import { voteSecretOf } from './liars';
import { quietFleet, Scenario } from './scenario';

export interface DecidedRoundOf {
  readonly list: DecidedList;
  readonly decision: VerifiedDecision;
}

/** A committee of one, which signs what the test wants. */
export class DecidedLists {
  readonly fleet = quietFleet(1, 1, 3, {
    cluster: { unsafe_no_noise: true, min_participants_per_group: 1, max_groups: 4 },
  });
  readonly scenario: Scenario;
  readonly round: VerifiedRound;
  private readonly secret: Uint8Array;

  constructor(groups = 1) {
    this.scenario = new Scenario(this.fleet, { groups, minParticipantsPerGroup: 1 });
    this.round = this.scenario.round.verified;
    this.secret = voteSecretOf(this.fleet.members[0]);
  }

  header(router: string, changes: Partial<ContributionHeader> = {}): CheckedHeader {
    const { config, configHash } = this.round;
    const digest = new Uint8Array(32).fill(router.length);
    const header: ContributionHeader = {
      v: 1,
      fleet: config.fleet,
      cluster: config.cluster,
      round: config.round,
      group: groupOf(config, router as PartyId),
      config_hash: configHash,
      epoch_hash: config.epoch_hash,
      router: router as PartyId,
      timestamp_ms: config.round_time_ms,
      ciphertext_digest: digest,
      commitments_digest: digest,
      box_digests: [digest],
      ...changes,
    };
    const signed: Signed = { body: headerMessage.encode(header), signature: new Uint8Array(64) };
    return { signed, header, hash: headerHash(signed) };
  }

  report(headers: readonly CheckedHeader[], unusable: readonly string[] = []): Signed {
    const { config, configHash } = this.round;
    const usable = new Uint8Array(Math.ceil(headers.length / 8));
    headers.forEach(({ header }, i) => {
      if (!unusable.includes(header.router)) usable[i >> 3] |= 1 << (i & 7);
    });
    return signDocument(
      reportMessage,
      config.fleet,
      {
        v: 1,
        fleet: config.fleet,
        cluster: config.cluster,
        round: config.round,
        epoch_hash: config.epoch_hash,
        config_hash: configHash,
        member: 0 as never,
        headers_root: merkleRoot(headers.map(({ hash }) => hash)),
        count: headers.length,
        usable,
      },
      this.secret,
    );
  }

  /** Decides on these headers, in the order given. */
  decide(headers: readonly CheckedHeader[], unusable: readonly string[] = []): DecidedRoundOf {
    const { round } = this;
    const report = this.report(headers, unusable);
    const { usable } = reportMessage.decode(report.body);
    const set = deriveSet(round, headers, [reportMessage.decode(report.body)]);
    if (headers.length > 0 && !headers.some((_, i) => bitOf(usable, i))) throw new Error('nobody is left');
    // A decision on nobody does not exist; for the empty list this one claims a group of nobody that is shown.
    const body = voteBodyMessage.encode(
      headers.length > 0
        ? readyBody(round, set, [report])
        : ({
            ...readyBody(round, set, [report]),
            groups: [{ group: 0, set_root: new Uint8Array(32), size: 1 }],
          } as never),
    );
    const decision: Decision = {
      body,
      votes: [
        {
          member: 0 as never,
          signature: signMessage(this.secret, { type: voteBodyMessage.type, fleet: round.config.fleet }, body),
        },
      ],
    };
    return {
      list: decidedList({ headers, set, reports: [report], decision }),
      decision: verifyDecision(round, decision),
    };
  }
}

/** `r-00`, `r-02`, ..: between any two there is room for one that is not there. */
export const even = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `r-${String(2 * i).padStart(2, '0')}`);
export const odd = (count: number): string[] =>
  Array.from({ length: count + 1 }, (_, i) => (i === 0 ? 'a' : `r-${String(2 * i - 1).padStart(2, '0')}`));
