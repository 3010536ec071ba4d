/** Sending and reading the two kinds of body: deterministic CBOR messages and JSON. */
import { type Message, SecaggError } from '@secagg/schema';
import { type z } from 'zod';
import { type CallOptions, type Reply, type Request, type Transport } from './transport';

export const MAX_JSON_BYTES = 64 * 1024 * 1024;
export const cbor = { 'content-type': 'application/cbor' };
export const json = { 'content-type': 'application/json' };

type Get = Pick<Request, 'path' | 'query'>;

/** Throws what {@link Transport.send} and decoding the message throw. */
export async function getMessage<T>(
  transport: Transport,
  message: Message<T>,
  request: Get,
  call: CallOptions = {},
): Promise<T> {
  const { body } = await transport.send(
    { ...request, method: 'GET', maxBytes: message.maxBytes, idempotent: true },
    call,
  );
  return message.decode(body);
}

/** A long poll: undefined when the time was over (status 204). */
export async function pollMessage<T>(
  transport: Transport,
  message: Message<T>,
  request: Get & { waitMs: number },
  call: CallOptions = {},
): Promise<{ value: T; bytes: Uint8Array } | undefined> {
  const { path, query, waitMs } = request;
  const timeoutMs = waitMs + (call.timeoutMs ?? 10_000);
  const reply = await transport.send(
    { method: 'GET', path, query: { ...query, wait_ms: waitMs }, maxBytes: message.maxBytes, idempotent: true },
    { attempts: 1, ...call, timeoutMs },
  );
  return reply.status === 204 ? undefined : { value: message.decode(reply.body), bytes: reply.body };
}

/** Posts bytes that are safe to post again. */
export const postBytes = (
  transport: Transport,
  path: string,
  body: Uint8Array,
  maxBytes: number,
  call: CallOptions = {},
): Promise<Reply> => transport.send({ method: 'POST', path, body, headers: cbor, maxBytes, idempotent: true }, call);

/** Throws `malformed` for what is no JSON or not of the shape. */
export function parseJson<S extends z.ZodType>(schema: S, body: Uint8Array): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    throw new SecaggError('malformed', 'the answer is no JSON');
  }
  const result = schema.safeParse(value);
  if (!result.success)
    throw new SecaggError(
      'malformed',
      `the answer has another shape: ${result.error.issues[0]?.path.map(String).join('.') ?? ''}`,
    );
  return result.data;
}

export async function getJson<S extends z.ZodType>(
  transport: Transport,
  schema: S,
  path: string,
  call: CallOptions = {},
  query: Request['query'] = {},
): Promise<z.output<S>> {
  const { body } = await transport.send(
    { method: 'GET', path, query, maxBytes: MAX_JSON_BYTES, idempotent: true },
    call,
  );
  return parseJson(schema, body);
}

/** Undefined in place of a problem with one of these codes. */
export async function unless<T>(codes: readonly string[], promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof SecaggError && codes.includes(error.code)) return undefined;
    throw error;
  }
}
