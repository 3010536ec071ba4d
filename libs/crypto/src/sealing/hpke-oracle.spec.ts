import { randomBytes } from 'node:crypto';
import { Aes128Gcm, Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { XWing } from '@noble/post-quantum/hybrid.js';
import { aes128Gcm, aes256Gcm } from './aead';
import { dhkemX25519 } from './dhkem-x25519';
import { hpke, type Hpke } from './hpke';
import { xWing } from './x-wing';

/** Somebody else's HPKE: @hpke/core, for X-Wing around @noble/post-quantum's whole X-Wing. */
interface Oracle {
  seal(
    publicKey: Uint8Array,
    info: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array,
  ): Promise<{ enc: ArrayBuffer; ct: ArrayBuffer }>;
  open(
    secretKey: Uint8Array,
    enc: Uint8Array,
    info: Uint8Array,
    aad: Uint8Array,
    ciphertext: Uint8Array,
  ): Promise<ArrayBuffer>;
}

const random = (length: number) => new Uint8Array(randomBytes(length));
const hex = (data: Uint8Array | ArrayBuffer) => Buffer.from(data as Uint8Array).toString('hex');

type CoreKem = ConstructorParameters<typeof CipherSuite>[0]['kem'];
type CoreKey = Parameters<CipherSuite['createSenderContext']>[0]['recipientPublicKey'];

function oracle(
  kem: CoreKem,
  aead: Aes128Gcm | Aes256Gcm,
  importKey: (key: Uint8Array, isPublic: boolean) => Promise<CoreKey>,
): Oracle {
  const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead });
  return {
    seal: async (publicKey, info, aad, plaintext) =>
      suite.seal({ recipientPublicKey: await importKey(publicKey, true), info }, plaintext, aad),
    open: async (secretKey, enc, info, aad, ciphertext) =>
      suite.open({ recipientKey: await importKey(secretKey, false), enc, info }, ciphertext, aad),
  };
}

function x25519Oracle(aead: Aes128Gcm | Aes256Gcm): Oracle {
  const kem = new DhkemX25519HkdfSha256();
  return oracle(kem, aead, (key, isPublic) => kem.importKey('raw', new Uint8Array(key).buffer, isPublic));
}

function xWingOracle(): Oracle {
  const kem = {
    id: 0x647a,
    secretSize: 32,
    encSize: 1120,
    publicKeySize: 1216,
    privateKeySize: 32,
    encap: async ({ recipientPublicKey }: { recipientPublicKey: unknown }) => {
      const { cipherText, sharedSecret } = XWing.encapsulate(recipientPublicKey as Uint8Array);
      return { sharedSecret: new Uint8Array(sharedSecret).buffer, enc: new Uint8Array(cipherText).buffer };
    },
    decap: async ({ recipientKey, enc }: { recipientKey: unknown; enc: ArrayBuffer }) =>
      new Uint8Array(XWing.decapsulate(new Uint8Array(enc), recipientKey as Uint8Array)).buffer,
  };
  return oracle(kem as unknown as CoreKem, new Aes256Gcm(), async (key) => key);
}

const suites: readonly [string, Hpke, Oracle][] = [
  ['X25519 with AES-128-GCM', hpke(dhkemX25519, aes128Gcm), x25519Oracle(new Aes128Gcm())],
  ['X25519 with AES-256-GCM', hpke(dhkemX25519, aes256Gcm), x25519Oracle(new Aes256Gcm())],
  ['X-Wing with AES-256-GCM', hpke(xWing, aes256Gcm), xWingOracle()],
];

describe.each(suites)('HPKE of %s against @hpke/core', (_name, suite, other) => {
  it.each([0, 1, 16, 480, 5000])('exchanges messages of %d bytes in both directions', async (length) => {
    const { publicKey, secretKey } = suite.generateKeyPair(random);
    const [info, aad, plaintext] = [random(length % 50), random(length % 70), random(length)] as const;

    const ours = suite.seal(suite.recipient(publicKey), info, aad, plaintext, random);
    expect(hex(await other.open(secretKey, ours.encapsulation, info, aad, ours.ciphertext))).toBe(hex(plaintext));

    const theirs = await other.seal(publicKey, info, aad, plaintext);
    const opened = suite.open(
      suite.opener(secretKey),
      new Uint8Array(theirs.enc),
      info,
      aad,
      new Uint8Array(theirs.ct),
    );
    expect(hex(opened)).toBe(hex(plaintext));
  });
});
