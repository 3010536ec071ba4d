/** Media type and compression of request bodies. */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { SecaggError } from '@secagg/schema';
import { CBOR_TYPE, JSON_LINES_TYPE, JSON_TYPE, PROTOBUF_TYPE } from './content';
import { type Operation } from './operation';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * The media type of the body, without its parameters; empty for an operation without one. Throws `malformed` for
 * another kind.
 */
export function acceptedType({ request }: Pick<Operation, 'request'>, headers: Headers): string {
  if (request === undefined) return '';
  // Bodies are CBOR unless JSON is said (docs/protocol.md, "HTTP").
  const [type] = String(headers['content-type'] ?? CBOR_TYPE).split(';');
  const named = type.trim().toLowerCase();
  if (request.some((content) => content.type === named)) return named;
  const types = request.map((content) => content.type);
  throw new SecaggError(
    'malformed',
    types.length === 1 ? `the content type is ${types[0]}` : `the content type is one of ${types.join(', ')}`,
  );
}

const PACKABLE: ReadonlySet<string> = new Set([JSON_TYPE, JSON_LINES_TYPE, PROTOBUF_TYPE]);
const DECOMPRESS = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/** Text and protobuf may come compressed; `limit` is for what it becomes. Throws `malformed` and `too_large`. */
export async function decompressed(bytes: Buffer, headers: Headers, type: string, limit: number): Promise<Buffer> {
  const encoding = String(headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity') return bytes;
  if (!PACKABLE.has(type) || !Object.hasOwn(DECOMPRESS, encoding))
    throw new SecaggError('malformed', 'the content encoding is not supported here');
  try {
    return await DECOMPRESS[encoding as keyof typeof DECOMPRESS](bytes, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new SecaggError('too_large', `the body may have at most ${limit} bytes here`, { limit });
    throw new SecaggError('malformed', 'the body does not decompress');
  }
}
