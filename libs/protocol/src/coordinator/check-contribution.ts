/** What a coordinator checks before it accepts a contribution (docs/protocol.md, "Collecting"). */
import {
  type Bytes,
  type Contribution,
  contributionMessage,
  headerMessage,
  SecaggError,
  type Signed,
  viewCanonical,
} from '@secagg/schema';
import { ensure } from '../checks/check';
import { sameBytes } from '../wire/bytes';
import { type FleetView } from '../fleet/fleet-view';
import { type CheckedHeader, checkHeader, headerHash } from '../round/contribution-set';
import { checkCiphertext } from '../round/packed-vector';
import { type VerifiedRound } from '../round/verified-round';
import { boxDigest, ciphertextDigest, commitmentsDigest } from '../wire/digests';

export interface CheckedContribution {
  readonly checked: CheckedHeader;
  readonly contribution: Contribution;
}

/**
 * Decodes and checks one contribution. Throws a SecaggError whose code names the first check that fails; nothing is
 * changed by a refusal.
 */
export function checkContribution(view: FleetView, round: VerifiedRound, bytes: Bytes): CheckedContribution {
  const contribution = contributionMessage.view(bytes);
  const checked = checkHeader(view, round, ownCopy(contribution.header));
  const { header } = checked;
  const at = { party: header.router, round: round.config.round };
  checkCiphertext(round, contribution.ciphertext, at);
  if (contribution.commitments.length !== 32 * round.epoch.pieces.length)
    throw new SecaggError('malformed', 'needs one commitment per piece', at);
  if (contribution.boxes.length !== round.epoch.size)
    throw new SecaggError('malformed', 'needs one box per member', at);
  const digests =
    sameBytes(header.ciphertext_digest, ciphertextDigest(contribution.ciphertext)) &&
    sameBytes(header.commitments_digest, commitmentsDigest(contribution.commitments)) &&
    contribution.boxes.every((box, i) => sameBytes(header.box_digests[i], boxDigest(box)));
  ensure('header.digests', digests, 'wrong_digest', 'a part does not match its digest in the signed header', at);
  return { checked, contribution };
}

/** The parts of a contribution that was accepted before, as the bytes kept of it say. */
export const acceptedParts = (bytes: Bytes): Contribution => viewCanonical(bytes) as Contribution;

/** Headers are kept in the state for the whole round; they must not keep all the bytes they came with. */
const ownCopy = ({ body, signature }: Signed): Signed => ({ body: body.slice(), signature: signature.slice() });

/** What {@link checkContribution} found when the bytes were accepted, without checking it again. */
export function acceptedContribution(bytes: Bytes): CheckedContribution {
  const contribution = acceptedParts(bytes);
  return { checked: acceptedHeader(contribution.header), contribution };
}

/** The header of a contribution that was accepted before. */
export function acceptedHeader(header: Signed): CheckedHeader {
  const signed = ownCopy(header);
  return { signed, header: headerMessage.view(signed.body), hash: headerHash(signed) };
}
