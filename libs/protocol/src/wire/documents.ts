/** Signed documents: encode and sign, or verify and decode, under the message's own signature domain. */
import { signMessage, verifyMessage } from '@secagg/crypto';
import { type Bytes, type Message, SecaggError, type Signed } from '@secagg/schema';

export function signDocument<T>(message: Message<T>, fleet: string, body: T, secretKey: Bytes): Signed {
  const bytes = message.encode(body);
  return { body: bytes, signature: signMessage(secretKey, { type: message.type, fleet }, bytes) };
}

export function isSignedBy<T>(message: Message<T>, fleet: string, signed: Signed, publicKey: Bytes): boolean {
  return verifyMessage(publicKey, { type: message.type, fleet }, signed.signature, signed.body);
}

/** Decodes after the signature has been verified. Throws `bad_signature` naming `party`, or what decoding throws. */
export function openDocument<T>(
  message: Message<T>,
  fleet: string,
  signed: Signed,
  publicKey: Bytes,
  party?: string,
): T {
  if (!isSignedBy(message, fleet, signed, publicKey)) {
    throw new SecaggError('bad_signature', `the ${message.type} is not signed by ${party ?? 'its claimed signer'}`, {
      party,
    });
  }
  return message.decode(signed.body);
}
