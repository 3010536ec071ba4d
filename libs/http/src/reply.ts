import { type Message } from '@secagg/schema';
import { CBOR_TYPE, JSON_TYPE } from './content';
import { type Reply } from './operation';

export const noContent: Reply = { status: 204 };

export const messageReply = <T>(message: Message<T>, value: T, status = 200): Reply =>
  bytesReply(message.encode(value), status);

/** An encoded message. */
export const bytesReply = (body: Uint8Array, status = 200): Reply => ({ status, type: CBOR_TYPE, body });

export const jsonReply = (value: unknown, status = 200): Reply => ({
  status,
  type: JSON_TYPE,
  body: JSON.stringify(value),
});
