import { lstatSync, rmSync } from 'node:fs';
import { type Server } from 'node:http';
import { connect, type ListenOptions } from 'node:net';

/** Resolves when the server accepts connections; rejects with why it cannot. */
export const listening = (server: Server, options: ListenOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });

/**
 * On a Unix socket for owner and group. One that a killed process has left behind is replaced; one that somebody
 * listens on is not, and neither is a file of another kind.
 */
export async function listenOnSocket(server: Server, path: string, backlog: number): Promise<{ socket: string }> {
  try {
    await listeningOn(server, path, backlog);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || !lstatSync(path).isSocket()) throw error;
    if (await isAnswered(path)) throw error;
    rmSync(path);
    await listeningOn(server, path, backlog);
  }
  return { socket: path };
}

function listeningOn(server: Server, path: string, backlog: number): Promise<void> {
  // The socket is made before the call returns; others never have it.
  const before = process.umask(0o117);
  try {
    return listening(server, { path, backlog });
  } finally {
    process.umask(before);
  }
}

const isAnswered = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
