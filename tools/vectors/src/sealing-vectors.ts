import { boxPlaintext, domainMessage, drawSeeds, pieces, sealingSuite, unsafeReplayRandom } from '@secagg/crypto';
import { type MemberIndex } from '@secagg/schema';
import { hex, unsafeBytes } from './unsafe-bytes';

/** Boxes as a router seals them to committee members, with the ephemeral secret that makes them repeatable. */
export function sealingVectors() {
  const suite = sealingSuite('hpke-x25519-sha256-aes256gcm');
  const all = pieces(4, 2);
  const fleet = 'fleet-1';
  const router = 'router-1';
  const epochHash = unsafeBytes('sealing/epoch', 32);
  const configHash = unsafeBytes('sealing/config', 32);
  const seeds = drawSeeds(all, (length) => unsafeBytes('sealing/seeds', length));
  return {
    about:
      'HPKE (RFC 9180) base mode, single shot: DHKEM(X25519, HKDF-SHA256) 0x0020, HKDF-SHA256 0x0001, AES-256-GCM 0x0002; ' +
      'info = lp("secagg/1/sealed-seeds") || lp(fleet); aad = lp("secagg/1/box") || lp(epoch_hash) || lp(config_hash) || lp(router) || lp(member, 8 bytes); ' +
      'the ephemeral secret key is the raw scalar, clamped by X25519',
    fleet, router, epoch_hash: hex(epochHash), config_hash: hex(configHash),
    cases: [0, 1, 2, 3].map((member) => {
      const secretKey = unsafeBytes(`sealing/member/${member}`, 32);
      const ephemeral = unsafeBytes(`sealing/ephemeral/${member}`, 32);
      const { publicKey } = suite.opener(secretKey);
      const info = domainMessage('sealed-seeds', fleet);
      const aad = domainMessage('box', epochHash, configHash, router, member);
      const plaintext = boxPlaintext(all, member as MemberIndex, seeds);
      const sealed = suite.seal(suite.recipient(publicKey), info, aad, plaintext, unsafeReplayRandom(ephemeral));
      return {
        suite: suite.id, member, secret_key: hex(secretKey), public_key: hex(publicKey), ephemeral_secret_key: hex(ephemeral),
        info: hex(info), aad: hex(aad), plaintext: hex(plaintext), encapsulation: hex(sealed.encapsulation), ciphertext: hex(sealed.ciphertext),
      };
    }),
  };
}
