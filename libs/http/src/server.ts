/** One HTTP server of an app: its operations behind the limits, listening, and closed within a grace. */
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type SecaggError } from '@secagg/schema';
import { Admission } from './admission';
import { Connections } from './connections';
import { refusingEarly } from './early-refusal';
import { type Limits } from './limits';
import { type Operation } from './operation';
import { listening, listenOnSocket } from './listen';
import { createListener, type ServeOptions } from './serve';
import { answerUnreadable } from './unreadable';
import { WorkQueue } from './work-queue';

export interface HttpServerOptions extends ServeOptions {
  readonly limits: Limits;
  /** Largest body of any operation: how long the slowest request may take follows from it. */
  readonly largestBodyBytes: number;
}

export interface HttpServer {
  listen(where: Where): Promise<Address>;
  /** Stops accepting, waits for requests under way for `graceMs`, and then ends their connections. */
  close(graceMs: number): Promise<void>;
}

/** A Unix socket where there is a path; port 0 lets the operating system choose. */
export interface Where {
  readonly host: string;
  readonly port: number;
  readonly socketPath?: string;
}

export type Address = { readonly host: string; readonly port: number } | { readonly socket: string };

/** Connections that arrive all at once wait to be accepted, instead of being dropped and tried again after seconds. */
const BACKLOG = 4096;

export function createHttpServer(operations: readonly Operation[], options: HttpServerOptions): HttpServer {
  const { limits, largestBodyBytes, onProblem } = options;
  const admission = new Admission(limits, () => performance.now());
  const queue = new WorkQueue();
  const refused = (problem: SecaggError) => onProblem(problem, problem, 'none', true);
  const listener = createListener(operations, { ...options, admission, queue });
  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout:
        limits.headersTimeoutMs + limits.bodyGraceMs + Math.ceil((1000 * largestBodyBytes) / limits.bodyBytesPerSecond),
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: Math.min(5000, limits.headersTimeoutMs),
    },
    refusingEarly(operations, admission, listener, refused),
  );
  server.maxConnections = limits.connections;
  server.on('connection', () => queue.connectionAccepted());
  const connections = new Connections(server, limits.bodyGraceMs);
  answerUnreadable(server, connections, refused);
  return {
    listen: async ({ host, port, socketPath }) => {
      if (socketPath !== undefined) return listenOnSocket(server, socketPath, BACKLOG);
      await listening(server, { port, host, backlog: BACKLOG });
      return { host, port: (server.address() as AddressInfo).port };
    },
    close: (graceMs) => connections.close(graceMs),
  };
}
