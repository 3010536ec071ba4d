/** Refusing before anything else is done: while the queue is full, what a refusal costs is what the service is worth under overload. */
import { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { type SecaggError } from '@secagg/schema';
import { type Gate } from './gate';
import { problemReply } from './problem';

/**
 * Turns contributions away while the queue is full, before their route is looked for; everything else goes on to `listener`.
 * @param onShed told of each
 */
export function shedding(
  gate: Gate,
  listener: RequestListener,
  onShed: (problem: SecaggError) => void,
): RequestListener {
  return (request: IncomingMessage, response: ServerResponse) => {
    const problem =
      request.method === 'POST' && request.url?.endsWith(CONTRIBUTIONS) === true
        ? gate.turnedAwayWhenFull()
        : undefined;
    if (!problem) {
      listener(request, response);
      return;
    }
    onShed(problem);
    const { status, type, headers, body } = problemReply(problem);
    response.writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(body as string),
      ...headers,
      ...(isShort(request) ? {} : { connection: 'close' }),
    });
    response.end(body);
  };
}

const CONTRIBUTIONS = '/contributions';

/** Longest body of a refused request that is read to its end, and thrown away, to keep the connection. */
const DISCARDED_BYTES = 1024 * 1024;

/** A body that was not read to its end would be taken for the next request; a short one is thrown away instead. */
export const isShort = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  Number(headers['content-length'] ?? Infinity) <= DISCARDED_BYTES;
