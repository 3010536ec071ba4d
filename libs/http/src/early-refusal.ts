/**
 * Refuses most of the load before any other work while the queue is full: under overload the cost of a refusal decides
 * the throughput.
 */
import { type IncomingMessage, type RequestListener } from 'node:http';
import { type SecaggError } from '@secagg/schema';
import { type Admission } from './admission';
import { type Operation } from './operation';
import { problemReply } from './problem';

/**
 * Refuses requests of `bulk` operations while the queue is full, by method and last part of the path; everything else
 * goes on to `listener`.
 * @param onRefusal told of each
 */
export function refusingEarly(
  operations: readonly Operation[],
  admission: Pick<Admission, 'refusalWhenFull'>,
  listener: RequestListener,
  onRefusal: (problem: SecaggError) => void,
): RequestListener {
  const bulk = operations
    .filter((operation) => operation.bulk === true)
    .map(({ method, path }) => ({ method: method.toUpperCase(), end: path.slice(path.lastIndexOf('/')) }));
  return (request, response) => {
    const problem = bulk.some(({ method, end }) => request.method === method && request.url?.endsWith(end) === true)
      ? admission.refusalWhenFull()
      : undefined;
    if (!problem) {
      listener(request, response);
      return;
    }
    onRefusal(problem);
    const { status, type, headers, body } = problemReply(problem);
    response.writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(body as string),
      ...headers,
      ...(hasShortBody(request) ? {} : { connection: 'close' }),
    });
    response.end(body);
  };
}

/** Longest body of a refused request that is read to its end, and thrown away, to keep the connection. */
const DISCARDED_BYTES = 1024 * 1024;

/** A body that was not read to its end would be taken for the next request; a short one is thrown away instead. */
export const hasShortBody = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  Number(headers['content-length'] ?? Infinity) <= DISCARDED_BYTES;
