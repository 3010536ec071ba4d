/** A member's look at all contributions of a closed round: public checks, then its own boxes (PROTOCOL section 4.5). */
import { openBoxPlaintext, sealingSuite, type SealingOpener, wipe } from '@secagg/crypto';
import { type Bytes, type MemberIndex, type MemberView, SecaggError, type SubsetMask } from '@secagg/schema';
import { sameBytes } from '../documents';
import { type CheckedHeader, checkHeader, checkOrder, headersRoot } from '../round/contribution-set';
import { type VerifiedRound } from '../round/verified-round';
import { boxAad, boxDigest, commitmentsDigest, sealingInfo } from '../router/contribution';

/** A round as one member sees it. The seeds are secret and wiped when the round is over for this member. */
export interface OpenedRound {
  readonly round: VerifiedRound;
  readonly member: MemberIndex;
  readonly headers: readonly CheckedHeader[];
  readonly root: Bytes;
  readonly commitments: readonly Bytes[];
  /** Per contribution the seeds of all pieces this member holds, or why its box cannot be used. */
  readonly seeds: (Map<SubsetMask, Bytes> | undefined)[];
}

/**
 * Checks every view and opens every box. A header that fails a public check makes the whole list invalid (the coordinator
 * must not have accepted it): throws with the check's code. A box that does not open is only marked.
 */
export function openViews(round: VerifiedRound, member: MemberIndex, kemSecret: Bytes, views: readonly MemberView[]): OpenedRound {
  const headers = views.map((entry) => {
    const checked = checkHeader(round.view, round, entry.header);
    const at = { party: checked.header.router, round: round.config.round };
    const matches =
      sameBytes(checked.header.commitments_digest, commitmentsDigest(entry.commitments)) &&
      sameBytes(checked.header.box_digests[member], boxDigest(entry.box)) &&
      entry.commitments.length === 32 * round.epoch.pieces.length;
    if (!matches) throw new SecaggError('wrong_digest', 'commitments or box do not match the signed header', at);
    return checked;
  });
  checkOrder(headers, round);
  const suite = sealingSuite(round.epoch.epoch.sealing_suite);
  const opener = suite.opener(kemSecret);
  const info = sealingInfo(round.config.fleet);
  return {
    round,
    member,
    headers,
    root: headersRoot(headers),
    commitments: views.map((entry) => entry.commitments),
    seeds: views.map((entry, i) => openOne(round, member, opener, info, headers[i], entry)),
  };

  function openOne(r: VerifiedRound, j: MemberIndex, key: SealingOpener, context: Bytes, header: CheckedHeader, entry: MemberView): Map<SubsetMask, Bytes> | undefined {
    const { router } = header.header;
    try {
      const plaintext = suite.open(key, entry.box.encapsulation, context, boxAad(r, router, j), entry.box.ciphertext);
      try {
        return openBoxPlaintext({ pieces: r.epoch.pieces, configHash: r.configHash, routerId: router }, j, plaintext, entry.commitments);
      } finally {
        wipe(plaintext);
      }
    } catch (error) {
      if (error instanceof SecaggError) return undefined;
      throw error;
    }
  }
}

export function wipeSeeds(opened: OpenedRound): void {
  for (const seeds of opened.seeds) for (const seed of seeds?.values() ?? []) wipe(seed);
}
