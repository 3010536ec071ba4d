/**
 * A member's look at all contributions of a closed round: public checks, then its own boxes (docs/protocol.md,
 * "Checking and reporting").
 */
import { type SealingOpener, type SealingSuite, sealingSuite, wipe } from '@secagg/crypto';
import {
  type Bytes,
  type MemberIndex,
  type MemberView,
  type PartyId,
  SecaggError,
  type SubsetMask,
} from '@secagg/schema';
import { type CheckName } from '../checks/names';
import { ensure } from '../checks/check';
import { sameBytes } from '../wire/bytes';
import { type CheckedHeader, checkHeader, checkOrder, headersRoot } from '../round/contribution-set';
import { type VerifiedRound } from '../round/verified-round';
import { sealingInfo } from '../wire/bindings';
import { boxAad } from '../wire/bound-to-round';
import { boxDigest, commitmentsDigest } from '../wire/digests';
import { readSeeds } from './read-seeds';

/** A round as one member sees it. The seeds are secret and wiped when the round is over for this member. */
export interface OpenedViews {
  readonly round: VerifiedRound;
  readonly member: MemberIndex;
  readonly headers: readonly CheckedHeader[];
  readonly root: Bytes;
  readonly commitments: readonly Bytes[];
  /** Per contribution the seeds of all pieces this member holds, or why its box cannot be used. */
  readonly seeds: (Map<SubsetMask, Bytes> | undefined)[];
  /** Why boxes cannot be used, by router. */
  readonly faults: ReadonlyMap<PartyId, CheckName>;
}

/**
 * Checks every view and opens every box. A header that fails a public check makes the whole list invalid (the
 * coordinator must not have accepted it): throws with the check's code. A box that does not open is only marked.
 */
export function openViews(
  round: VerifiedRound,
  member: MemberIndex,
  kemSecret: Bytes,
  views: readonly MemberView[],
): OpenedViews {
  const headers = views.map((entry) => {
    const checked = checkHeader(round.view, round, entry.header);
    const at = { party: checked.header.router, round: round.config.round };
    const matches =
      sameBytes(checked.header.commitments_digest, commitmentsDigest(entry.commitments)) &&
      sameBytes(checked.header.box_digests[member], boxDigest(entry.box));
    ensure('header.digests', matches, 'wrong_digest', 'commitments or box do not match the signed header', at);
    if (entry.commitments.length !== 32 * round.epoch.pieces.length)
      throw new SecaggError('wrong_digest', 'needs one commitment per piece', at);
    return checked;
  });
  checkOrder(headers, round);
  const suite = sealingSuite(round.epoch.body.sealing_suite);
  const opener = suite.opener(kemSecret);
  const faults = new Map<PartyId, CheckName>();
  const seeds = views.map((entry, i) => {
    const { router } = headers[i].header;
    const plaintext = openBox({ round, member, router, box: entry.box }, suite, opener);
    const opened = plaintext && readSeeds(round, member, router, plaintext, entry.commitments);
    if (!opened) faults.set(router, plaintext ? 'box.commitments' : 'box.bound');
    return opened;
  });
  return {
    round,
    member,
    headers,
    root: headersRoot(headers),
    commitments: views.map((entry) => entry.commitments),
    seeds,
    faults,
  };
}

interface SealedFor {
  readonly round: VerifiedRound;
  readonly member: MemberIndex;
  readonly router: PartyId;
  readonly box: MemberView['box'];
}

/** The box's content, or undefined when it is not sealed to this member, by this router, for this round. */
function openBox(
  { round, member, router, box }: SealedFor,
  suite: SealingSuite,
  opener: SealingOpener,
): Bytes | undefined {
  try {
    return suite.open(
      opener,
      box.encapsulation,
      sealingInfo(round.config.fleet),
      boxAad(round, router, member),
      box.ciphertext,
    );
  } catch (error) {
    if (error instanceof SecaggError) return undefined;
    throw error;
  }
}

export function wipeSeeds(opened: OpenedViews): void {
  for (const seeds of opened.seeds) for (const seed of seeds?.values() ?? []) wipe(seed);
}
