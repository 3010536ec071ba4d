import { createCipheriv } from 'node:crypto';
import { SecaggError, type SubsetMask } from '@secagg/schema';
import { hkdf } from '../hkdf';
import { domainMessage, lengthPrefixed } from '../transcript/hashing';
import { WORD_BYTES } from './limbs';

/** What every keystream of one round is bound to. */
export interface PadRound {
  /** Name of the suite whose words are padded, for instance `pad`. */
  readonly suite: string;
  readonly fleet: string;
  /** Cluster hash in its lower-case hexadecimal text. */
  readonly cluster: string;
  /** Round number, at least 1. */
  readonly round: number;
  /** Hash of the announcement, 32 bytes. */
  readonly configHash: Uint8Array;
}

/** Derives the stream key of one piece of one router. */
export interface RouterPad {
  /**
   * The AES key of piece S: HKDF-SHA256 (RFC 5869) with an empty salt over the seed, 32 bytes, and
   *
   *     info = lp("secagg/1/pad/keystream") || lp(suite) || lp(fleet) || lp(cluster) || lp(round as 8 bytes big-endian)
   *            || lp(config_hash) || lp(router id) || lp(S as 4 bytes big-endian)
   *
   * with lp(x) = length of x as 4 bytes big-endian, then x; strings in UTF-8.
   *
   * @param piece subset mask S
   * @param seed k_S, 32 secret bytes
   * @returns 32 secret bytes, to be wiped by the caller after use
   * @throws SecaggError `invalid` for a seed of another length
   */
  streamKey(piece: SubsetMask, seed: Uint8Array): Uint8Array;
}

export const SEED_BYTES = 32;
const KEY_BYTES = 32;
const HASH_BYTES = 32;
const emptySalt = new Uint8Array(0);

/**
 * Prepares the pads of a round: the part of the derivation that all routers share is encoded once.
 *
 * @returns a function from router id to that router's {@link RouterPad}
 * @throws SecaggError `invalid` for a config hash that is not 32 bytes or a round number that is not a safe positive
 * integer
 */
export function padContext(round: PadRound): (routerId: string) => RouterPad {
  if (round.configHash.length !== HASH_BYTES) throw new SecaggError('invalid', `A config hash has ${HASH_BYTES} bytes`);
  if (!Number.isSafeInteger(round.round) || round.round < 1)
    throw new SecaggError('invalid', 'A round number is a positive integer');
  const shared = domainMessage('pad/keystream', round.suite, round.fleet, round.cluster, round.round, round.configHash);
  const piece = new Uint8Array(4);
  return (routerId) => {
    const own = lengthPrefixed(routerId, piece);
    const info = new Uint8Array(shared.length + own.length);
    info.set(shared);
    info.set(own, shared.length);
    const view = new DataView(info.buffer);
    return {
      streamKey: (subset, seed) => {
        if (seed.length !== SEED_BYTES) throw new SecaggError('invalid', `A seed has ${SEED_BYTES} bytes`);
        view.setUint32(info.length - 4, subset);
        return hkdf(emptySalt, seed, info, KEY_BYTES);
      },
    };
  };
}

const zeroCounter = new Uint8Array(16);
let zeros = new Uint8Array(0);

/**
 * The keystream under one key, front to back: AES-256-CTR over zeros with an all-zero initial counter block (one key
 * makes one stream, ever, so the counter needs no nonce). Word i is bytes [6i, 6i + 6), little-endian, masked to b bits
 * by whoever adds it up.
 */
export class Keystream {
  private readonly cipher;

  /** @param key 32 bytes from {@link RouterPad.streamKey} */
  constructor(key: Uint8Array) {
    this.cipher = createCipheriv('aes-256-ctr', key, zeroCounter);
  }

  /** The limbs of the next `count` words: 3·count units of 16 bits, owned by the caller, who wipes them after use. */
  next(count: number): Uint16Array {
    const length = WORD_BYTES * count;
    if (zeros.length < length) zeros = new Uint8Array(length);
    const stream = this.cipher.update(zeros.subarray(0, length));
    if (stream.byteOffset % 2 === 0) return new Uint16Array(stream.buffer, stream.byteOffset, length / 2);
    const aligned = new Uint16Array(length / 2);
    new Uint8Array(aligned.buffer).set(stream);
    stream.fill(0);
    return aligned;
  }
}
