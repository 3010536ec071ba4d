/** One service over a pool of connections: bounded bodies, a time limit for every request, errors with their codes. */
import { SecaggError } from '@secagg/schema';
import { type Dispatcher } from 'undici';
import { type Backoff, backoffDelay, defaultBackoff, pause } from './backoff';
import { dispatcherTo } from './dispatcher';
import { errorOfProblem } from './problem';
import { retryAfterOf, waitAfter } from './retry-after';
import { parseServiceUrl, type ServiceUrl } from './service-url';

export interface TransportOptions {
  /**
   * `http(s)://[user:password@]host[:port][/prefix]` or `unix:/path/of/socket`; credentials are sent as Basic
   * authentication.
   */
  readonly url: string;
  /** Name of the service in error messages. */
  readonly name: string;
  /** Open connections at most; a long poll holds one while it waits. Default 8. */
  readonly connections?: number;
  /** For a request without a longer time of its own, in milliseconds. Default 10 000. */
  readonly timeoutMs?: number;
  /** Attempts of an idempotent request altogether, from 1. Default 4. */
  readonly attempts?: number;
  readonly backoff?: Backoff;
  /** Shown to a service that asks for a bearer token. */
  readonly token?: string;
  /** Certificate authorities in PEM, where the system's do not apply. */
  readonly ca?: string;
}

/** What every call takes: cancel it, or give it other limits than the client's. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /**
   * Attempts altogether; callers with a retry loop of their own pass 1. Without effect where repeating could do harm.
   */
  readonly attempts?: number;
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Longest answer that is read, in bytes. */
  readonly maxBytes: number;
  /** Repeating it has the effect of making it once. */
  readonly idempotent: boolean;
}

export interface Reply {
  /** 304 with an empty body where the caller has what there is. */
  readonly status: number;
  readonly body: Uint8Array;
  readonly etag?: string;
}

const MAX_PROBLEM_BYTES = 64 * 1024;

/** Worth another attempt: the service was not reached, or says that it will do better later. */
const isTransient = (error: unknown): boolean =>
  error instanceof SecaggError && ['unavailable', 'overloaded', 'too_slow'].includes(error.code);

export class Transport {
  private readonly dispatcher: Dispatcher;
  private readonly service: ServiceUrl;

  private readonly authorization: string | undefined;

  /** Throws `invalid` for a URL that is none of a service, and for one with credentials beside a token. */
  constructor(private readonly options: TransportOptions) {
    const { url, token, connections = 8, ca } = options;
    this.service = parseServiceUrl(url);
    const { authorization } = this.service;
    if (token !== undefined && authorization !== undefined)
      throw new SecaggError('invalid', 'the URL has credentials, and a token is given: both would be the same header');
    this.authorization = token === undefined ? authorization : `Bearer ${token}`;
    this.dispatcher = dispatcherTo(this.service, { connections, ...(ca === undefined ? {} : { ca }) });
  }

  /**
   * The successful answer. Throws the problem the service answered with; `unavailable` with `details.unreachable` when
   * there was no (whole) answer in time, and `details.network`, the code of what was in the way, where there is one;
   * `too_large` for an answer past `maxBytes`; the reason of an aborted `signal` as it is.
   */
  async send(request: Request, call: CallOptions = {}): Promise<Reply> {
    const attempts = request.idempotent ? (call.attempts ?? this.options.attempts ?? 4) : 1;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(request, call);
      } catch (error) {
        if (attempt >= attempts || !isTransient(error)) throw error;
        await pause(
          waitAfter(error, backoffDelay(this.options.backoff ?? defaultBackoff, attempt, Math.random()), Math.random()),
          call.signal,
        );
      }
    }
  }

  /** Ends the connections; requests under way fail. */
  async close(): Promise<void> {
    await this.dispatcher.destroy();
  }

  private async once(request: Request, call: CallOptions): Promise<Reply> {
    call.signal?.throwIfAborted();
    const limitMs = call.timeoutMs ?? this.options.timeoutMs ?? 10_000;
    const limit = new AbortController();
    const cancel = () => limit.abort();
    const timer = setTimeout(cancel, limitMs);
    call.signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await this.exchange(request, limitMs, limit.signal);
    } catch (error) {
      call.signal?.throwIfAborted();
      if (error instanceof SecaggError) throw error;
      const why = limit.signal.aborted
        ? `no answer within ${limitMs} ms`
        : error instanceof Error
          ? error.message
          : 'unknown error';
      throw new SecaggError('unavailable', `cannot reach the ${this.options.name}: ${why}`, {
        unreachable: true,
        ...(limit.signal.aborted ? {} : networkCodeOf(error)),
      });
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', cancel);
    }
  }

  private async exchange(request: Request, limitMs: number, signal: AbortSignal): Promise<Reply> {
    const { method, path, query, body, headers, maxBytes } = request;
    const { origin, prefix } = this.service;
    const { authorization } = this;
    const answer = await this.dispatcher.request({
      origin,
      method,
      path: prefix + path + queryText(query),
      headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
      ...(body === undefined ? {} : { body }),
      headersTimeout: limitMs,
      bodyTimeout: limitMs,
      signal,
    });
    const ok = (answer.statusCode >= 200 && answer.statusCode < 300) || answer.statusCode === 304;
    const bytes = await readBody(answer, ok ? maxBytes : MAX_PROBLEM_BYTES);
    if (!ok)
      throw errorOfProblem(
        answer.statusCode,
        String(answer.headers['content-type'] ?? ''),
        bytes,
        retryAfterOf(answer.headers['retry-after'], Date.now()),
      );
    const { etag } = answer.headers;
    return { status: answer.statusCode, body: bytes, ...(typeof etag === 'string' ? { etag } : {}) };
  }
}

/** Of the system, of TLS or of the parser, such as ECONNREFUSED or CERT_HAS_EXPIRED. */
function networkCodeOf(error: unknown): { network?: string } {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? { network: code } : {};
}

function queryText(query: Request['query']): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) params.set(name, String(value));
  return params.size === 0 ? '' : `?${params.toString()}`;
}

async function readBody({ body, headers }: Dispatcher.ResponseData, maxBytes: number): Promise<Uint8Array> {
  const refuse = (): never => {
    // The rest would have to be read to keep the connection; a new one is cheaper than an answer past all limits.
    body.on('error', () => undefined).destroy();
    throw new SecaggError('too_large', `the answer has more than ${maxBytes} bytes`);
  };
  if (Number(headers['content-length'] ?? 0) > maxBytes) refuse();
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) refuse();
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, length);
}
