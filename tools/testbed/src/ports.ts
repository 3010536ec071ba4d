/** Ports on this machine. */
import { createServer, type Server } from 'node:net';

/** Starts a server on a free port of the loopback interface. @returns its origin */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((listening, failed) => server.once('error', failed).listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${portOf(server)}`;
}

export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port');
  return address.port;
}

/** A port that was free just now: for a service that has to come back where the others look for it. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await listen(server);
  const port = portOf(server);
  await new Promise((closed) => server.close(closed));
  return port;
}
