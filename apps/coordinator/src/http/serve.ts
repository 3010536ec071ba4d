/** Operations over express: calls in, replies out once everything in memory is durable, errors as problems. */
import { SecaggError } from '@secagg/schema';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { failpoint } from '../failpoint';
import { readBody } from './body';
import { type Operation, type Reply } from './operation';
import { asSecaggError, problemReply } from './problem';

export interface Surroundings {
  /** Brings the state up to date. */
  fresh(): Promise<void>;
  /** Called before anything is looked at; what it gives is awaited before the reply leaves, and what that throws is answered instead. */
  reading(): () => Promise<void>;
  /** Told of every error that becomes a problem, with its original where it was unexpected. */
  onProblem(problem: SecaggError, cause: unknown, operation: string): void;
  /** Aborts all waits. */
  readonly closing: AbortSignal;
}

export function createHttp(operations: readonly Operation[], surroundings: Surroundings): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.set('query parser', false);
  for (const operation of operations) {
    app[operation.method](operation.path, (request, response) => serve(operation, surroundings, request, response));
  }
  app.use((request, response) => {
    respond(response, refuse(surroundings, new SecaggError('not_found', `there is no ${request.method} ${request.path}`), 'none'), surroundings);
  });
  // Four arguments make it the handler of what express itself refuses, such as a path that cannot be decoded.
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const undecodable = error instanceof URIError ? new SecaggError('malformed', 'the path cannot be decoded') : error;
    respond(response, refuse(surroundings, undecodable, 'none'), surroundings);
  });
  return app;
}

async function serve(operation: Operation, surroundings: Surroundings, request: Request, response: Response): Promise<void> {
  failpoint(`received:${operation.id}`);
  const gone = new AbortController();
  const end = () => gone.abort();
  response.once('close', end);
  surroundings.closing.addEventListener('abort', end, { once: true });
  if (surroundings.closing.aborted) end();
  let reply: Reply;
  let settled: () => Promise<void> = () => Promise.resolve();
  try {
    if (!operation.asIs) await surroundings.fresh();
    settled = surroundings.reading();
    reply = await operation.handle({
      params: request.params as Record<string, string>,
      query: new URLSearchParams(request.url.includes('?') ? request.url.slice(request.url.indexOf('?') + 1) : ''),
      headers: request.headers,
      signal: gone.signal,
      body: (limit) => readBody(request, limit),
    });
  } catch (error) {
    reply = refuse(surroundings, error, operation.id);
  } finally {
    surroundings.closing.removeEventListener('abort', end);
  }
  try {
    await settled();
  } catch (error) {
    reply = refuse(surroundings, error, operation.id);
  }
  failpoint(`before-send:${operation.id}`);
  if (response.writableEnded || response.destroyed) return;
  response.once('finish', () => failpoint(`after-send:${operation.id}`));
  // A body that was not read to its end would be taken for the next request.
  if (!request.readableEnded && request.headers['content-length'] !== '0' && operation.method !== 'get') response.setHeader('connection', 'close');
  respond(response, reply, surroundings);
}

function refuse(surroundings: Surroundings, error: unknown, operation: string): Reply {
  const problem = asSecaggError(error);
  surroundings.onProblem(problem, error, operation);
  return problemReply(problem);
}

function respond(response: Response, reply: Reply, { closing }: Surroundings): void {
  if (closing.aborted) response.setHeader('connection', 'close');
  response.statusCode = reply.status;
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  if (reply.type !== undefined) response.setHeader('content-type', reply.type);
  if (reply.body === undefined) {
    response.end();
    return;
  }
  const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body;
  response.setHeader('content-length', body.length);
  response.end(body);
}
