import { z } from 'zod';
import { type Bytes } from '../codec/canonical-cbor';
import { defineMessage } from './define';
import { bytesUpTo, signature } from './fields';

/**
 * A message with its signature. The signature covers the exact body bytes, with the message type and the fleet as
 * domain (libs/crypto identity). Who must have signed follows from the body, never from the envelope.
 */
export interface Signed {
  body: Bytes;
  signature: Bytes;
}

const maxBody = 64 * 1024 * 1024;
export const signedSchema = z.strictObject({ body: bytesUpTo(maxBody), signature });
export const signedMessage = defineMessage<Signed>('signed', signedSchema, maxBody + 128);
