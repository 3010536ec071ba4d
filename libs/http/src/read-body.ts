import { SecaggError } from '@secagg/schema';
import { type IncomingMessage } from 'node:http';
import { type Admission } from './admission';

export interface BodyPace {
  readonly admission: Pick<Admission, 'reserveBytes' | 'releaseBytes'>;
  /** A body may take this long, in milliseconds. */
  readonly graceMs: number;
  /** And longer by its bytes over this rate. */
  readonly bytesPerSecond: number;
}

export interface ReadBody {
  readonly bytes: Buffer;
  /** The bytes are no longer needed. */
  release(): void;
}

/**
 * Reads a request body into one buffer. Throws `too_large` past `limit` bytes (without reading when the length is
 * announced), `malformed` when the sender stops midway, `too_slow` past its time, `unavailable` when there is no room
 * for it.
 */
export async function readBody(
  request: IncomingMessage,
  limit: number,
  { admission, graceMs, bytesPerSecond }: BodyPace,
): Promise<ReadBody> {
  const announced = request.headers['content-length'];
  const tooLarge = () => new SecaggError('too_large', `the body may have at most ${limit} bytes here`, { limit });
  if (announced !== undefined && Number(announced) > limit) throw tooLarge();
  const allowedMs = graceMs + (1000 * (announced === undefined ? limit : Number(announced))) / bytesPerSecond;
  const chunks: Buffer[] = [];
  let length = 0;
  const release = (): void => {
    admission.releaseBytes(length);
    length = 0;
  };
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      act();
    };
    const fail = (error: unknown) => {
      request.pause();
      settle(() => {
        release();
        reject(error);
      });
    };
    const onData = (chunk: Buffer) => {
      if (length + chunk.length > limit) {
        fail(tooLarge());
        return;
      }
      try {
        admission.reserveBytes(chunk.length);
      } catch (error) {
        fail(error);
        return;
      }
      length += chunk.length;
      chunks.push(chunk);
    };
    const onEnd = () =>
      settle(() => resolve({ bytes: chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, length), release }));
    const onClose = () => fail(new SecaggError('malformed', 'the body ended before its announced length'));
    const timer = setTimeout(() => fail(new SecaggError('too_slow', 'the body came too slowly')), allowedMs);
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}
