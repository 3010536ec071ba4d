/**
 * Stands between the router-nodes and the coordinator, so that these have one address whatever is restarted, and all
 * that is said has a witness.
 */
import {
  createServer,
  type IncomingMessage,
  request as startRequest,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo } from 'node:net';

export interface Exchange {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

export interface ProxyListener {
  /** A whole request has come, and has not been passed on yet. */
  asked(exchange: Exchange): void;
  /** The whole answer has come, and has not been passed on yet. */
  answered(exchange: Exchange, answer: Answer): void;
}

export class Proxy {
  private readonly server: Server;
  /** Origin of the coordinator; undefined while it is away. */
  target: string | undefined;

  private constructor(private readonly listener: ProxyListener) {
    this.server = createServer(
      (request, response) => void this.pass(request, response).catch(() => response.destroy()),
    );
    this.server.keepAliveTimeout = 75_000;
  }

  static async start(listener: ProxyListener): Promise<Proxy> {
    const proxy = new Proxy(listener);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  /**
   * A coordinator that is away, or goes away before it has answered in full, looks the same from here as without a
   * proxy: the connection ends.
   */
  private async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(request);
    const exchange: Exchange = { method: request.method ?? '', path: request.url ?? '', body };
    this.listener.asked(exchange);
    if (this.target === undefined) throw new Error('the coordinator is away');
    const { connection: _connection, ...headers } = request.headers;
    const upstream = startRequest(new URL(exchange.path, this.target), {
      method: exchange.method,
      headers,
      agent: false,
    });
    response.once('close', () => upstream.destroy());
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      upstream.once('response', resolve).once('error', reject);
      upstream.end(body);
    });
    const answered = await readAll(answer);
    const status = answer.statusCode ?? 502;
    this.listener.answered(exchange, { status, body: answered });
    const { connection: _upstream, 'transfer-encoding': _encoding, ...answerHeaders } = answer.headers;
    response.writeHead(status, { ...answerHeaders, ...(status === 204 ? {} : { 'content-length': answered.length }) });
    response.end(answered);
  }
}

function readAll(message: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.once('end', () => resolve(Buffer.concat(chunks)));
    message.once('error', reject);
    message.once('close', () => reject(new Error('it ended midway')));
  });
}
