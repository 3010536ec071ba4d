/** Kinds of body, as operations name them and the OpenAPI document describes them. */
import { type Message } from '@secagg/schema';
import { type z } from 'zod';

export const CBOR_TYPE = 'application/cbor';
export const JSON_TYPE = 'application/json';
export const JSON_LINES_TYPE = 'application/x-ndjson';
export const TEXT_TYPE = 'text/plain';
export const EVENTS_TYPE = 'text/event-stream';
export const PROTOBUF_TYPE = 'application/x-protobuf';

/** A message of libs/schema, as far as a description needs it. */
export type Described = Pick<Message<unknown>, 'type' | 'schema'>;

export interface Content {
  readonly type: string;
  /** The message that the bytes encode. */
  readonly message?: Described;
  /** The message whose encoding a signed envelope holds. */
  readonly signed?: Described;
  readonly json?: z.ZodType;
}

/** A reply: what it means, and its body where it has one. Errors always have a problem as their body. */
export type ReplyContent = string | { readonly description: string; readonly content: Content };

export const cbor = (message: Described): Content => ({ type: CBOR_TYPE, message });
/** A signed envelope around the message. */
export const signedCbor = (signed: Described): Content => ({ type: CBOR_TYPE, signed });
export const json = (schema: z.ZodType): Content => ({ type: JSON_TYPE, json: schema });
export const jsonLines = (schema: z.ZodType): Content => ({ type: JSON_LINES_TYPE, json: schema });
export const text: Content = { type: TEXT_TYPE };
/** Server-sent events. */
export const events: Content = { type: EVENTS_TYPE };
/** A message that others define. */
export const protobuf: Content = { type: PROTOBUF_TYPE };

export const replyOf = (content: Content, description: string): ReplyContent => ({ description, content });
