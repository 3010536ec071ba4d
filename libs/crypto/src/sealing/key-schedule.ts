import { boundedCache } from '../bounded-cache';
import { type Aead, nonceLength } from './aead';
import { type Kem } from './kem';
import { hpkeSuiteId, labeledExpand, labeledExtract } from './labels';

/** HKDF-SHA256 in the registry of RFC 9180 section 7.2. */
const kdfId = 0x0001;
const maxCachedInfos = 32;
const modeBase = Uint8Array.of(0);
const none = new Uint8Array(0);

/** What one shared secret and `info` give: the key and the nonce of the first, here the only, message. */
export interface MessageKeys {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
}

/**
 * KeySchedule of RFC 9180 section 5.1 in base mode with HKDF-SHA256, without the exporter secret, which nothing uses
 * here. For a single message (sequence number 0) the nonce is base_nonce itself (section 5.2).
 */
export function keySchedule(kem: Kem, aead: Aead): (sharedSecret: Uint8Array, info: Uint8Array) => MessageKeys {
  const suiteId = hpkeSuiteId(kem.id, kdfId, aead.id);
  const pskIdHash = labeledExtract(suiteId, 'psk_id_hash')(none, none);
  const extractInfo = labeledExtract(suiteId, 'info_hash');
  // All boxes of a contribution, and of a round, share their info; it is public.
  const hashInfo = boundedCache(maxCachedInfos, (info) => extractInfo(none, info));
  const extractSecret = labeledExtract(suiteId, 'secret');
  const expandKey = labeledExpand(suiteId, 'key', aead.keyLength);
  const expandNonce = labeledExpand(suiteId, 'base_nonce', nonceLength);

  return (sharedSecret, info) => {
    const infoHash = hashInfo(info);
    const secret = extractSecret(sharedSecret, none);
    const key = expandKey(secret, modeBase, pskIdHash, infoHash);
    const nonce = expandNonce(secret, modeBase, pskIdHash, infoHash);
    secret.fill(0);
    return { key, nonce };
  };
}
