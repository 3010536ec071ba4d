/** Which connections of a server have a request under way. */
import { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';

export class Connections {
  /** The reply that each is waiting for; undefined between requests, and before the head of one is complete. */
  private readonly replies = new Map<Socket, ServerResponse | undefined>();

  /** @param graceMs how long a body that nobody reads any more may go on after the reply */
  constructor(
    private readonly server: Server,
    graceMs: number,
  ) {
    server.on('connection', (socket) => {
      this.replies.set(socket, undefined);
      socket.once('close', () => this.replies.delete(socket));
    });
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request;
      this.replies.set(socket, response);
      response.once('finish', () => {
        if (request.complete) return;
        const timer = setTimeout(() => socket.destroy(), graceMs);
        request.once('close', () => clearTimeout(timer));
      });
      response.once('close', () => {
        if (this.replies.get(socket) === response) this.replies.set(socket, undefined);
      });
    });
    // At the limit of connections a new one is worth more than one that waits for its next request.
    server.on('drop', () => server.closeIdleConnections());
  }

  /** Whether something of a reply has been sent already. */
  hasBegunReply(socket: Socket): boolean {
    return this.replies.get(socket)?.headersSent === true;
  }

  /**
   * Stops accepting and ends every connection without a request under way, also those that have sent nothing or half a
   * head; the others after `graceMs`.
   */
  close(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const force = setTimeout(() => this.server.closeAllConnections(), graceMs);
      this.server.close(() => {
        clearTimeout(force);
        resolve();
      });
      for (const [socket, reply] of this.replies) if (!reply) socket.destroy();
    });
  }
}
