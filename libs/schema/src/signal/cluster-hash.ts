import { createHash } from 'node:crypto';
import { SecaggError } from '../problems';
import { type ClusterHash } from '../ids';

const DOMAIN = 'secagg/v1/cluster-hash';
const MAX_BYTES = 4096;

/** Length as 4 bytes, big-endian, then the UTF-8 bytes: no other pair of strings has the same concatenation. */
function framed(text: string, path: string): Buffer {
  if (text.length === 0 || text.length > MAX_BYTES)
    throw new SecaggError('invalid', `${path} is empty or too long`, { path });
  // A lone surrogate would become U+FFFD, as any other lone surrogate would: two ids with one hash.
  if (/\p{Cs}/u.test(text)) throw new SecaggError('invalid', `${path} is not well-formed Unicode`, { path });
  const bytes = Buffer.from(text, 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/**
 * Public name of a cluster: SHA-256(frame(domain) | frame(id) | frame(salt)) in 64 lower-case hexadecimal characters,
 * where frame(x) is the length of x in UTF-8 bytes (4 bytes, big-endian) followed by those bytes and domain is
 * `secagg/v1/cluster-hash`. Unambiguous for every split between id and salt. It hides a guessable id only as well as
 * the salt is secret: use 16 random bytes or more in text form, the same for the whole cluster.
 * `id` and `salt`: 1 to 4096 UTF-16 code units of well-formed Unicode; anything else throws `invalid`.
 */
export function createClusterHash(id: string, salt: string): ClusterHash {
  const hash = createHash('sha256')
    .update(framed(DOMAIN, 'domain'))
    .update(framed(id, 'id'))
    .update(framed(salt, 'salt'));
  return hash.digest('hex') as ClusterHash;
}
