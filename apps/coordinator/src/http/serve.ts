/** Operations over express: calls in, replies out once everything in memory is durable, errors as problems. */
import { SecaggError } from '@secagg/schema';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { failpoint } from '../failpoint';
import { type Limits } from '../config/limits';
import { readBody } from './body';
import { callerOf } from './caller';
import { Deadline } from './deadline';
import { type Gate } from './gate';
import { type Call, type Operation, type Reply } from './operation';
import { MAX_WAIT_MS } from './parameters';
import { asSecaggError, problemReply } from './problem';
import { isShort } from './shed';
import { Taken } from './taken';
import { type Turnstile } from './turnstile';

export interface Surroundings {
  /** Brings the state up to date. */
  fresh(): Promise<void>;
  /** Called before anything is looked at; what it gives is awaited before the reply leaves, and what that throws is answered instead. */
  reading(): () => Promise<void>;
  /** Told of every error that becomes a problem, with its original where it was unexpected. */
  onProblem(problem: SecaggError, cause: unknown, operation: string): void;
  /** Aborts all waits. */
  readonly closing: AbortSignal;
  readonly gate: Gate;
  readonly turnstile: Turnstile;
  readonly limits: Pick<Limits, 'trustedProxies' | 'bodyGraceMs' | 'bodyBytesPerSecond' | 'requestTimeoutMs'>;
}

export function createHttp(operations: readonly Operation[], surroundings: Surroundings): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.set('query parser', false);
  for (const operation of operations) {
    app[operation.method](operation.path, (request, response) => serve(operation, surroundings, request, response));
  }
  app.use((request, response) => {
    respond(
      response,
      refuse(surroundings, new SecaggError('not_found', `there is no ${request.method} ${request.path}`), 'none'),
      surroundings,
    );
  });
  // Four arguments make it the handler of what express itself refuses, such as a path that cannot be decoded.
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const undecodable = error instanceof URIError ? new SecaggError('malformed', 'the path cannot be decoded') : error;
    respond(response, refuse(surroundings, undecodable, 'none'), surroundings);
  });
  return app;
}

async function serve(
  operation: Operation,
  surroundings: Surroundings,
  request: Request,
  response: Response,
): Promise<void> {
  failpoint(`received:${operation.id}`);
  const gone = new AbortController();
  const end = () => gone.abort();
  response.once('close', end);
  surroundings.closing.addEventListener('abort', end, { once: true });
  if (surroundings.closing.aborted) end();
  const taken = new Taken();
  try {
    const reply = await answer(operation, surroundings, request, gone, taken);
    failpoint(`before-send:${operation.id}`);
    if (response.writableEnded || response.destroyed) return;
    response.once('finish', () => failpoint(`after-send:${operation.id}`));
    if (!request.readableEnded && operation.method !== 'get' && !isShort(request))
      response.setHeader('connection', 'close');
    respond(response, reply, surroundings);
  } finally {
    surroundings.closing.removeEventListener('abort', end);
    taken.giveBack();
  }
}

/** The reply, once everything that it may tell of is durable; a refusal for want of time tells nothing. */
async function answer(
  operation: Operation,
  surroundings: Surroundings,
  request: Request,
  gone: AbortController,
  taken: Taken,
): Promise<Reply> {
  const deadline = new Deadline(
    surroundings.limits.requestTimeoutMs + (operation.waits === undefined ? 0 : MAX_WAIT_MS),
    () => gone.abort(),
  );
  const handled = async (): Promise<Reply> => {
    let reply: Reply;
    let settled: () => Promise<void> = () => Promise.resolve();
    try {
      const call = callOf(operation, surroundings, request, gone.signal, deadline, taken);
      // Who is turned away costs the database nothing.
      if (operation.always !== true) enter(operation, surroundings.gate, call, taken);
      if (!operation.asIs) await surroundings.fresh();
      settled = surroundings.reading();
      reply = await operation.handle(call);
    } catch (error) {
      reply = refuse(surroundings, error, operation.id);
    }
    await settled();
    return reply;
  };
  try {
    return await Promise.race([handled(), deadline.over]);
  } catch (error) {
    return refuse(surroundings, error, operation.id);
  } finally {
    deadline.stop();
  }
}

/** Limits that apply before anything is done: who calls too often, and who waits too much. */
function enter({ waits, request, urgent }: Operation, gate: Gate, call: Call, taken: Taken): void {
  gate.arrive(call.address);
  if (waits === undefined) {
    // What has a body joins the queue once that is read.
    if (request !== undefined) return;
    if (urgent !== true) gate.admit();
    taken.add(gate.work());
    return;
  }
  const id = waits === null ? undefined : (call.query.get(waits) ?? undefined);
  if (id !== undefined) call.limitRouter(id);
  taken.add(gate.wait(call.address, id));
}

function callOf(
  { urgent }: Operation,
  { gate, turnstile, limits }: Surroundings,
  request: Request,
  signal: AbortSignal,
  deadline: Deadline,
  taken: Taken,
): Call {
  const address = callerOf(request, limits.trustedProxies);
  return {
    params: request.params as Record<string, string>,
    query: new URLSearchParams(request.url.includes('?') ? request.url.slice(request.url.indexOf('?') + 1) : ''),
    headers: request.headers,
    signal,
    address,
    limitRouter: (id) => gate.router(id, address),
    body: async (limit) => {
      if (urgent !== true) gate.admit();
      deadline.stop();
      const { bytes, release } = await readBody(request, limit, {
        gate,
        graceMs: limits.bodyGraceMs,
        bytesPerSecond: limits.bodyBytesPerSecond,
      });
      deadline.start();
      taken.add(release);
      taken.add(gate.work());
      if (urgent !== true) await turnstile.pass();
      return bytes;
    },
  };
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
