/**
 * An HTTP proxy that does to requests what networks and proxies do, by the seed of a generator: the same seed, the same
 * faults.
 */
import { createHash } from 'node:crypto';
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo } from 'node:net';

export type Fault = 'none' | 'lost-request' | 'lost-response' | 'doubled' | 'late' | 'truncated' | 'bad-gateway';

const FAULTS: readonly Fault[] = ['lost-request', 'lost-response', 'doubled', 'late', 'truncated', 'bad-gateway'];
const LATE_MS = 1500;

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export class FaultyProxy {
  readonly counts = new Map<Fault, number>();
  private readonly server: Server;
  private requests = 0;

  /**
   * @param share of requests that something happens to, 0 to 1
   * @param idleMs an answer that takes longer is cut off with 504, as proxies do to long polls
   */
  constructor(
    private readonly target: string,
    private readonly options: { readonly seed: number; readonly share: number; readonly idleMs: number },
  ) {
    this.server = createServer((request, response) => void this.serve(request, response));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.draw();
    this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const body = Buffer.concat(chunks);
    if (fault === 'lost-request') return void response.destroy();
    if (fault === 'bad-gateway')
      return void response.writeHead(502, { 'content-type': 'text/html' }).end('<html>bad gateway</html>');
    if (fault === 'late') await new Promise((resolve) => setTimeout(resolve, LATE_MS));
    const answers = [this.forward(request, body)];
    if (fault === 'doubled') answers.push(this.forward(request, body));
    const answer = (await Promise.all(answers)).at(-1);
    if (!answer)
      return void response.writeHead(504, { 'content-type': 'text/html' }).end('<html>gateway timeout</html>');
    if (fault === 'lost-response') return void response.destroy();
    response.writeHead(answer.status, { ...answer.headers, connection: 'keep-alive' });
    if (fault === 'truncated' && answer.body.length > 1)
      response.write(answer.body.subarray(0, answer.body.length >> 1), () => response.destroy());
    else response.end(answer.body);
  }

  /** Undefined when the target takes longer than proxies wait, or is away. */
  private forward(request: IncomingMessage, body: Buffer): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      const { host: _host, connection: _connection, ...headers } = request.headers;
      const onward = httpRequest(
        this.target + (request.url ?? '/'),
        { method: request.method, headers, timeout: this.options.idleMs },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('end', () =>
            resolve({ status: incoming.statusCode ?? 500, headers: incoming.headers, body: Buffer.concat(chunks) }),
          );
        },
      );
      onward.on('timeout', () => onward.destroy());
      onward.on('error', () => resolve(undefined));
      onward.end(body);
    });
  }

  private draw(): Fault {
    const digest = createHash('sha256').update(`${this.options.seed} ${this.requests++}`).digest();
    return digest.readUInt32BE(0) / 2 ** 32 < this.options.share
      ? FAULTS[digest.readUInt32BE(4) % FAULTS.length]
      : 'none';
  }
}
