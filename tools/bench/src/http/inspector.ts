/**
 * Asks a Node process, over its debugger's interface, to collect garbage: what is left then is memory that it needs.
 */
import { once } from 'node:events';
import { WebSocket } from 'undici';

/** @param url as the process printed it when it was started with --inspect */
export async function collectGarbage(url: string): Promise<void> {
  const socket = new WebSocket(url);
  try {
    await once(socket, 'open');
    await call(socket, 1, 'HeapProfiler.enable');
    // The first collection lets go of what finalizers held, the second takes it.
    await call(socket, 2, 'HeapProfiler.collectGarbage');
    await call(socket, 3, 'HeapProfiler.collectGarbage');
  } finally {
    socket.close();
  }
}

function call(socket: WebSocket, id: number, method: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const listen = ({ data }: { data: unknown }) => {
      const { id: answered, error } = JSON.parse(String(data)) as { id?: number; error?: { message: string } };
      if (answered !== id) return;
      socket.removeEventListener('message', listen);
      if (error) reject(new Error(error.message));
      else resolve();
    };
    socket.addEventListener('message', listen);
    socket.send(JSON.stringify({ id, method }));
  });
}
