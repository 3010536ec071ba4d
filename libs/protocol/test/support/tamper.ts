/** Contributions taken apart, altered, and put together again: signed anew where the forger has a key. */
import { type Contribution, type ContributionHeader, contributionMessage, headerMessage } from '@secagg/schema';
import { signDocument } from '../../src';
import { boxDigest, ciphertextDigest, commitmentsDigest } from '../../src/wire/digests';

export interface Parts extends Omit<Contribution, 'header'> {
  header: ContributionHeader;
}

export const partsOf = (bytes: Uint8Array): Parts => {
  const contribution = contributionMessage.decode(bytes);
  return { ...contribution, header: headerMessage.decode(contribution.header.body) };
};

/** Changes parts under the old header and signature. */
export function alter(bytes: Uint8Array, change: (contribution: Contribution) => Partial<Contribution>): Uint8Array {
  const contribution = contributionMessage.decode(bytes);
  return contributionMessage.encode({ ...contribution, ...change(contribution) });
}

/** Changes parts, then makes digests and signature fit: what the holder of `secretKey` can do. */
export function forge(
  bytes: Uint8Array,
  secretKey: Uint8Array,
  change: (parts: Parts) => Partial<Parts>,
  fleet = 'local',
): Uint8Array {
  const parts = { ...partsOf(bytes) };
  const changed: Parts = { ...parts, ...change(parts) };
  const header: ContributionHeader = {
    ...changed.header,
    ciphertext_digest: ciphertextDigest(changed.ciphertext),
    commitments_digest: commitmentsDigest(changed.commitments),
    box_digests: changed.boxes.map(boxDigest),
  };
  return contributionMessage.encode({ ...changed, header: signDocument(headerMessage, fleet, header, secretKey) });
}

/** A copy with one bit of one byte turned. */
export function flip(bytes: Uint8Array, at = bytes.length >> 1): Uint8Array {
  const copy = bytes.slice();
  copy[at] ^= 1;
  return copy;
}
