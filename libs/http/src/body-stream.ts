/** A request body in pieces as they come, for bodies that are not to be in memory at once. */
import { type IncomingMessage } from 'node:http';
import { pipeline, Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { SecaggError } from '@secagg/schema';

export interface StreamPace {
  /** All pieces together may take this long to come, in milliseconds. */
  readonly graceMs: number;
  /** And longer by what has come over this rate. */
  readonly bytesPerSecond: number;
  /** The end of every wait. */
  readonly signal: AbortSignal;
}

const DECOMPRESS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * The body, unpacked. Throws `too_large` past `limit` bytes, packed or unpacked (at once when the length is announced),
 * `malformed` when the sender stops midway or what comes does not unpack, `too_slow` past its time, `unavailable` when
 * the service is shutting down.
 */
export async function* bodyStream(request: IncomingMessage, limit: number, pace: StreamPace): AsyncGenerator<Buffer> {
  const { 'content-length': announced, 'content-encoding': encoding = 'identity' } = request.headers;
  if (announced !== undefined && Number(announced) > limit) throw tooLarge(limit);
  const packed = upTo(limit, arriving(request, pace));
  if (encoding.toLowerCase() === 'identity') {
    yield* packed;
    return;
  }
  const decompress = Object.hasOwn(DECOMPRESS, encoding.toLowerCase()) ? DECOMPRESS[encoding.toLowerCase()] : undefined;
  if (!decompress) throw new SecaggError('malformed', 'the content encoding is not supported here');
  const unpacked = decompress();
  // Its errors come out of the iteration.
  pipeline(Readable.from(packed), unpacked, () => undefined);
  try {
    yield* upTo(limit, unpacked as AsyncIterable<Buffer>);
  } catch (error) {
    if (error instanceof SecaggError) throw error;
    throw new SecaggError('malformed', 'the body does not decompress');
  }
}

const tooLarge = (limit: number) =>
  new SecaggError('too_large', `the body may have at most ${limit} bytes here`, { limit });

async function* upTo(limit: number, pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length > limit) throw tooLarge(limit);
    yield piece;
  }
}

/** Only the time that is spent waiting counts: a sender is not to blame for what its pieces cost here. */
async function* arriving(
  request: IncomingMessage,
  { graceMs, bytesPerSecond, signal }: StreamPace,
): AsyncGenerator<Buffer> {
  // The answer goes out on the same connection, also when the rest of the body is not wanted.
  const pieces = request.iterator({ destroyOnReturn: false });
  let allowedMs = graceMs;
  for (;;) {
    const since = performance.now();
    const next = await withLimits(pieces.next() as Promise<IteratorResult<Buffer>>, allowedMs, signal);
    if (next.done) {
      if (!request.complete) throw endedEarly();
      return;
    }
    allowedMs += (1000 * next.value.length) / bytesPerSecond - (performance.now() - since);
    yield next.value;
  }
}

const endedEarly = () => new SecaggError('malformed', 'the body ended before its announced length');

function withLimits<T>(piece: Promise<T>, ms: number, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const onAbort = () => settle(() => reject(new SecaggError('unavailable', 'the service is shutting down')));
    const timer = setTimeout(
      () => settle(() => reject(new SecaggError('too_slow', 'the body came too slowly'))),
      Math.max(0, ms),
    );
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    piece.then(
      (value) => settle(() => resolve(value)),
      () => settle(() => reject(endedEarly())),
    );
  });
}
