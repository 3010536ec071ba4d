/** Requester ids as this router stores them: keyed hashes, of use to nobody without the router's identity key. */
import { hkdfExpand, hkdfExtract, hmacSha256 } from '@secagg/crypto';

const INFO = new TextEncoder().encode('secagg/v1/requester-id');
const HASH_BYTES = 16;

/**
 * @returns 22 characters of base64url; the same id under the same key is always the same, under another key unrelated
 */
export type RequesterHash = (requester: string) => string;

/**
 * The key follows from the identity key, which lies apart from the database: a copied database alone does not let
 * anybody try ids out. Requests that waited while the identity key was replaced count as those of other requesters.
 * @param identityKey secret key of the router
 */
export function requesterHash(identityKey: Uint8Array): RequesterHash {
  const key = hkdfExpand(hkdfExtract(new Uint8Array(0), identityKey), INFO, 32);
  const text = new TextEncoder();
  return (requester) =>
    Buffer.from(hmacSha256(key, text.encode(requester)).subarray(0, HASH_BYTES)).toString('base64url');
}
