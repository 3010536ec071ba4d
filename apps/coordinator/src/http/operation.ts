/** One HTTP operation: what it is called with, what it answers, and how it describes itself in the OpenAPI document. */
import { type Message, SecaggError } from '@secagg/schema';

export const CBOR_TYPE = 'application/cbor';
export const JSON_TYPE = 'application/json';

export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Aborts when the caller has gone or the service is shutting down: the end of every wait. */
  readonly signal: AbortSignal;
  /** Where it comes from: see caller.ts. */
  readonly address: string;
  /** Counts a request of a router, as it calls itself. Throws `overloaded` when there are too many. */
  limitRouter(id: string): void;
  /** The whole body. Throws `too_large`, before reading anything where the length is announced; `unavailable` under overload; `too_slow`. */
  body(limit: number): Promise<Buffer>;
}

export interface Reply {
  readonly status: number;
  readonly type?: string;
  readonly body?: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Operation {
  /** Names it in failpoints and in the OpenAPI document. */
  readonly id: string;
  readonly method: 'get' | 'post' | 'put';
  /** Parameters as `:name`. */
  readonly path: string;
  readonly summary: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Message types of bodies (libs/schema), or what they are instead. */
  readonly request?: string;
  readonly replies: Readonly<Record<number, string>>;
  /** A long poll; the query parameter in which the caller names itself, or null where it does not. */
  readonly waits?: string | null;
  /** Rounds wait for it and few send it: not turned away when the queue is full. */
  readonly urgent?: boolean;
  /** Answered under any load. */
  readonly always?: boolean;
  /** Does without what other replicas may have decided a moment ago; all others look at the newest state. */
  readonly asIs?: true;
  handle(call: Call): Promise<Reply>;
}

export const noContent: Reply = { status: 204 };

export const messageReply = <T>(message: Message<T>, value: T, status = 200): Reply => ({
  status,
  type: CBOR_TYPE,
  body: message.encode(value),
});

export const jsonReply = (value: unknown, status = 200): Reply => ({
  status,
  type: JSON_TYPE,
  body: JSON.stringify(value),
});

/** Reads the body as a message. Throws `too_large` past `limit`, by default the message's own, without reading on. */
export const readMessage = async <T>(call: Call, message: Message<T>, limit = message.maxBytes): Promise<T> =>
  message.decode(await call.body(limit));

/** Limit for a signed message in its envelope. */
export const signedLimit = (message: { readonly maxBytes: number }): number => message.maxBytes + 128;

export const invalid = (path: string, what: string): SecaggError =>
  new SecaggError('invalid', `${path}: ${what}`, { path });
