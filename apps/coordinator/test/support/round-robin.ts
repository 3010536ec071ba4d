/**
 * A load balancer as plain as they come: requests go to the targets in turn, and one that fails is answered with 502.
 */
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';

export class RoundRobin {
  private next = 0;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 256 });
  /** Answers that came from no target. */
  failed = 0;

  private constructor(
    private readonly server: Server,
    private readonly ports: () => readonly number[],
  ) {
    server.on('request', (incoming: IncomingMessage, reply: ServerResponse) => this.forward(incoming, reply));
  }

  /** @param ports of the targets that it has at the moment, dead or alive */
  static async start(ports: () => readonly number[]): Promise<RoundRobin> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new RoundRobin(server, ports);
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private forward(incoming: IncomingMessage, reply: ServerResponse): void {
    const ports = this.ports();
    const port = ports[this.next++ % ports.length];
    const outgoing = request({
      host: '127.0.0.1',
      port,
      method: incoming.method,
      path: incoming.url,
      headers: incoming.headers,
      agent: this.agent,
    });
    const fail = () => {
      this.failed += 1;
      if (reply.headersSent) reply.destroy();
      else reply.writeHead(502, { 'content-type': 'text/plain' }).end('bad gateway');
    };
    outgoing.on('error', fail);
    outgoing.on('response', (answer) => {
      reply.writeHead(answer.statusCode as number, answer.headers);
      answer.on('error', () => reply.destroy());
      answer.pipe(reply);
    });
    reply.on('close', () => {
      if (!reply.writableFinished) outgoing.destroy();
    });
    incoming.pipe(outgoing);
  }
}
