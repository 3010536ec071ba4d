/** Operations over express: calls in, replies out once everything in memory is durable, errors as problems. */
import { failpoint } from '@secagg/host';
import { problems, SecaggError } from '@secagg/schema';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { type Access, refuseForeign, requireToken } from './access';
import { type Admission } from './admission';
import { callerAddress } from './caller-address';
import { Deadline } from './deadline';
import { hasShortBody } from './early-refusal';
import { HeldResources } from './held-resources';
import { type Limits } from './limits';
import { type Call, type Operation, type Reply } from './operation';
import { MAX_WAIT_MS, parseParameters, parseQuery } from './parameters';
import { asSecaggError, problemReply } from './problem';
import { bodyStream } from './body-stream';
import { readBody } from './read-body';
import { acceptedType, decompressed } from './request-body';
import { queryOf } from './query';
import { type WorkQueue } from './work-queue';

export interface ServeOptions {
  /** Brings the state up to date. */
  fresh?(): Promise<void>;
  /**
   * Called before anything is looked at; what it gives is awaited before the reply leaves, and what that throws is
   * answered instead.
   */
  reading?(): () => Promise<void>;
  /**
   * Told of every error that becomes a problem, with its original where it was unexpected. `counts` is false where a
   * read found nothing.
   */
  onProblem(problem: SecaggError, cause: unknown, operation: string, counts: boolean): void;
  /** Aborts all waits. */
  readonly closing: AbortSignal;
  readonly access: Access;
  readonly limits: Pick<Limits, 'trustedProxies' | 'bodyGraceMs' | 'bodyBytesPerSecond' | 'requestTimeoutMs'>;
}

/** What all requests of one server share. */
interface Shared extends ServeOptions {
  readonly admission: Admission;
  readonly queue: WorkQueue;
}

export function createListener(operations: readonly Operation[], shared: Shared): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.enable('case sensitive routing').enable('strict routing');
  app.set('query parser', false);
  app.use((request, _response, next) => {
    refuseForeign(request, shared.access);
    next();
  });
  for (const [path, methods] of byPath(operations)) {
    app.all(path, (request, response) => {
      // Express would take HEAD for GET as well.
      const operation = methods.get(request.method === 'HEAD' ? 'GET' : request.method);
      return operation
        ? serve(operation, shared, request, response)
        : respond(response, otherMethod(shared, request, [...methods.keys()]), shared);
    });
  }
  app.use((request, response) => {
    const nothing = new SecaggError('not_found', 'there is nothing at this path');
    respond(response, refuse(shared, nothing, { id: 'none', method: request.method.toLowerCase() }), shared);
  });
  // Four arguments make it the handler of what express itself refuses, such as a path that cannot be decoded.
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const undecodable = error instanceof URIError ? new SecaggError('malformed', 'the path cannot be decoded') : error;
    respond(response, refuse(shared, undecodable), shared);
  });
  return app;
}

/** Operations by path and method, in the order in which they stand: the first path that matches is taken. */
function byPath(operations: readonly Operation[]): Map<string, Map<string, Operation>> {
  const paths = new Map<string, Map<string, Operation>>();
  for (const operation of operations) {
    const methods = paths.get(operation.path) ?? new Map<string, Operation>();
    paths.set(operation.path, methods.set(operation.method.toUpperCase(), operation));
  }
  return paths;
}

function otherMethod(shared: Shared, request: Request, known: readonly string[]): Reply {
  const headers = { allow: [...known, ...(known.includes('GET') ? ['HEAD'] : [])].sort().join(', ') };
  if (request.method === 'OPTIONS') return { status: 204, headers };
  const refusal = refuse(shared, new SecaggError('method_not_allowed', `only ${headers.allow} here`));
  return { ...refusal, headers };
}

async function serve(operation: Operation, shared: Shared, request: Request, response: Response): Promise<void> {
  failpoint(`received:${operation.id}`);
  const gone = new AbortController();
  const end = () => gone.abort();
  response.once('close', end);
  shared.closing.addEventListener('abort', end, { once: true });
  if (shared.closing.aborted) end();
  const held = new HeldResources();
  try {
    const reply = await answer(operation, shared, request, gone, held);
    failpoint(`before-reply:${operation.id}`);
    if (response.writableEnded || response.destroyed) return;
    response.once('finish', () => failpoint(`after-reply:${operation.id}`));
    if (!request.readableEnded && operation.method !== 'get' && !hasShortBody(request))
      response.setHeader('connection', 'close');
    respond(response, reply, shared);
    if (reply.stream) await sendPieces(response, reply.stream);
  } finally {
    shared.closing.removeEventListener('abort', end);
    held.releaseAll();
  }
}

/** The reply, once everything that it may tell of is durable; a refusal at the deadline reveals nothing. */
async function answer(
  operation: Operation,
  shared: Shared,
  request: Request,
  gone: AbortController,
  held: HeldResources,
): Promise<Reply> {
  const waits = operation.waits !== undefined;
  const deadline = new Deadline(shared.limits.requestTimeoutMs + (waits ? MAX_WAIT_MS : 0), () => gone.abort());
  const handled = async (): Promise<Reply> => {
    let reply: Reply;
    let settled: (() => Promise<void>) | undefined;
    try {
      if (operation.open !== true) requireToken(request.headers, shared.access);
      const address = callerAddress(request, shared.limits.trustedProxies);
      const query = queryOf(request.url);
      // Rejected requests do not reach the database.
      if (operation.always !== true) enter(operation, shared.admission, address, query, held);
      const call = callOf(operation, shared, request, { address, query, signal: gone.signal, deadline, held });
      if (!operation.asIs) await shared.fresh?.();
      settled = shared.reading?.();
      reply = await operation.handle(call);
    } catch (error) {
      reply = refuse(shared, error, operation);
    }
    await settled?.();
    return reply;
  };
  try {
    return await Promise.race([handled(), deadline.over]);
  } catch (error) {
    return refuse(shared, error, operation);
  } finally {
    deadline.stop();
  }
}

/** Limits that apply before anything is done: who calls too often, and who waits too much. */
function enter(
  { waits, request, urgent }: Operation,
  admission: Admission,
  address: string,
  query: URLSearchParams,
  held: HeldResources,
): void {
  admission.countRequest(address);
  if (waits === undefined) {
    // What has a body joins the queue once that is read.
    if (request !== undefined) return;
    if (urgent !== true) admission.requireRoom();
    held.add(admission.beginWork());
    return;
  }
  const id = waits === null ? undefined : (query.get(waits) ?? undefined);
  if (id !== undefined) admission.countRouter(id, address);
  held.add(admission.beginWait(address, id));
}

interface CallParts {
  readonly address: string;
  readonly query: URLSearchParams;
  readonly signal: AbortSignal;
  readonly deadline: Deadline;
  readonly held: HeldResources;
}

/** Throws `invalid` for parameters out of their range, `malformed` for a body of another kind. */
function callOf(
  operation: Operation,
  { admission, queue, limits }: Shared,
  request: Request,
  { address, query, signal, deadline, held }: CallParts,
): Call {
  const { urgent } = operation;
  const type = acceptedType(operation, request.headers);
  return {
    params: parseParameters(operation.params ?? {}, request.params),
    query: parseQuery(operation.query ?? {}, query),
    headers: request.headers,
    contentType: type,
    signal,
    address,
    countRouter: (id) => admission.countRouter(id, address),
    body: async (limit) => {
      if (urgent !== true) admission.requireRoom();
      deadline.stop();
      const { bytes, release } = await readBody(request, limit, {
        admission,
        graceMs: limits.bodyGraceMs,
        bytesPerSecond: limits.bodyBytesPerSecond,
      });
      deadline.start();
      held.add(release);
      held.add(admission.beginWork());
      if (urgent !== true) await queue.turn();
      return decompressed(bytes, request.headers, type, limit);
    },
    stream: async function* (limit) {
      if (urgent !== true) admission.requireRoom();
      deadline.stop();
      held.add(admission.beginWork());
      try {
        yield* bodyStream(request, limit, {
          graceMs: limits.bodyGraceMs,
          bytesPerSecond: limits.bodyBytesPerSecond,
          signal,
        });
      } finally {
        deadline.start();
      }
    },
  };
}

/** Anybody may ask for what is not there, or not yet: that is an answer, and no message that was refused. */
const isAnswer = (method: string, { code }: SecaggError): boolean =>
  ['get', 'head'].includes(method) && [404, 409].includes(problems[code].status);

function refuse(shared: Shared, error: unknown, { id, method } = { id: 'none', method: 'none' }): Reply {
  const problem = asSecaggError(error);
  shared.onProblem(problem, error, id, !isAnswer(method, problem));
  return problemReply(problem);
}

function respond(response: Response, reply: Reply, { closing }: Shared): void {
  if (closing.aborted) response.setHeader('connection', 'close');
  response.statusCode = reply.status;
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  if (reply.type !== undefined) response.setHeader('content-type', reply.type);
  if (reply.stream) {
    response.flushHeaders();
    return;
  }
  if (reply.body === undefined) {
    response.end();
    return;
  }
  const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body;
  response.setHeader('content-length', body.length);
  response.end(body);
}

/** Ends when the stream ends, which it does once the caller has gone; waits for a caller that reads slowly. */
async function sendPieces(response: Response, pieces: AsyncIterable<string>): Promise<void> {
  for await (const piece of pieces) {
    if (response.destroyed) break;
    if (!response.write(piece)) await drained(response);
  }
  response.end();
}

const drained = (response: Response): Promise<void> =>
  new Promise((resolve) => {
    if (response.destroyed) resolve();
    response.once('drain', resolve).once('close', resolve);
  });
