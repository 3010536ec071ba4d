/** Digests of the parts of a contribution, as its signed header has them (docs/protocol.md, "Contribution"). */
import { type Bytes, type SealedBox } from '@secagg/schema';
import { domainHash } from '@secagg/crypto';

export const boxDigest = (box: SealedBox): Bytes => domainHash('box-digest', box.encapsulation, box.ciphertext);
export const ciphertextDigest = (ciphertext: Bytes): Bytes => domainHash('ciphertext-digest', ciphertext);
export const commitmentsDigest = (commitments: Bytes): Bytes => domainHash('commitments-digest', commitments);
