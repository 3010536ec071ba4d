/**
 * One HTTP operation: its parameters and bodies as schemas, what it answers, and its description for the OpenAPI
 * document.
 */
import { type Message } from '@secagg/schema';
import { type z } from 'zod';
import { type Content, type ReplyContent } from './content';

/** Parameters by name; each schema turns the text of a request into the value that the handler gets. */
export type Parameters = Readonly<Record<string, z.ZodType>>;
export type ValuesOf<P extends Parameters> = { readonly [Name in keyof P]: z.output<P[Name]> };

export interface Call<Path = Readonly<Record<string, unknown>>, Query = Readonly<Record<string, unknown>>> {
  readonly params: Path;
  readonly query: Query;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Media type of the body: one of those that the operation describes. */
  readonly contentType: string;
  /** Aborts when the caller has gone or the service is shutting down: the end of every wait. */
  readonly signal: AbortSignal;
  /** Address that limits count the request under (caller-address.ts). */
  readonly address: string;
  /** Counts a request of a router, by the id it claims. Throws `overloaded` when there are too many. */
  countRouter(id: string): void;
  /**
   * The whole body. Throws `too_large`, before reading anything where the length is announced; `unavailable` under
   * overload; `too_slow`.
   */
  body(limit: number): Promise<Buffer>;
  /** The body in pieces, for one that need not be in memory at once. Throws, while it is read, what `body` throws. */
  stream(limit: number): AsyncIterable<Buffer>;
}

export interface Reply {
  readonly status: number;
  readonly type?: string;
  readonly body?: Uint8Array | string;
  /**
   * In place of a body: pieces as they come, until the caller has gone. Only of an operation that waits, whose place it
   * keeps.
   */
  readonly stream?: AsyncIterable<string>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface OperationOf<Path extends Parameters, Query extends Parameters> {
  /** Names it in crash points, logs and the OpenAPI document. */
  readonly id: string;
  readonly method: 'get' | 'post' | 'put';
  /** Parameters as `:name`, each with a schema in `params`. */
  readonly path: string;
  readonly summary: string;
  readonly params?: Path;
  readonly query?: Query;
  /** Kinds of body that it takes. */
  readonly request?: readonly Content[];
  readonly replies: Readonly<Record<number, ReplyContent>>;
  /** A long poll; the query parameter in which the caller names itself, or null where it does not. */
  readonly waits?: string | null;
  /** Rounds wait for it and few send it: not refused when the queue is full. */
  readonly urgent?: boolean;
  /** Most of the load: refused before its route is looked for while the queue is full. */
  readonly bulk?: boolean;
  /** Answered without the token: for probes, which are told nothing but whether the service works. */
  readonly open?: boolean;
  /** Answered under any load. */
  readonly always?: boolean;
  /** Does without what other replicas may have decided a moment ago; all others look at the newest state. */
  readonly asIs?: true;
  handle(call: Call<ValuesOf<Path>, ValuesOf<Query>>): Promise<Reply>;
}

export type Operation = OperationOf<Parameters, Parameters>;

/** An operation whose handler gets its parameters typed by their schemas. */
export const defineOperation = <
  Path extends Parameters = Record<string, never>,
  Query extends Parameters = Record<string, never>,
>(
  operation: OperationOf<Path, Query>,
): Operation => operation;

/** Reads the body as a message. Throws `too_large` past `limit`, by default the message's own, without reading on. */
export const readMessage = async <T>(
  call: Pick<Call, 'body'>,
  message: Message<T>,
  limit = message.maxBytes,
): Promise<T> => message.decode(await call.body(limit));

/** Limit for a signed message in its envelope. */
export const signedLimit = (message: { readonly maxBytes: number }): number => message.maxBytes + 128;
