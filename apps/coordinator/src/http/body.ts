import { SecaggError } from '@secagg/schema';
import { type IncomingMessage } from 'node:http';

/**
 * Reads a request body into one buffer. Throws `too_large` past `limit` bytes (without reading when the length is announced)
 * and `malformed` when the sender stops midway.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const announced = request.headers['content-length'];
  const tooLarge = () => new SecaggError('too_large', `the body may have at most ${limit} bytes here`, { limit });
  if (announced !== undefined && Number(announced) > limit) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      act();
    };
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) {
        request.pause();
        settle(() => reject(tooLarge()));
      } else chunks.push(chunk);
    };
    const onEnd = () => settle(() => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, length)));
    const onClose = () => settle(() => reject(new SecaggError('malformed', 'the body ended before its announced length')));
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}
