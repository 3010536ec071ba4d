/** What the HTTP parser refuses before there is a request: answered with a problem like everything else. */
import { type Server } from 'node:http';
import { type Duplex } from 'node:stream';
import { type Socket } from 'node:net';
import { SecaggError } from '@secagg/schema';
import { type Connections } from './connections';
import { problemReply } from './problem';

/** @param onRefusal told of each */
export function answerUnreadable(
  server: Server,
  connections: Connections,
  onRefusal: (problem: SecaggError) => void,
): void {
  const refuse = (socket: Duplex, problem: SecaggError) => {
    onRefusal(problem);
    const { status, type, body } = problemReply(problem);
    const head = [
      `HTTP/1.1 ${status} ${problem.code}`,
      `content-type: ${type}`,
      `content-length: ${Buffer.byteLength(body as string)}`,
      'connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body as string}`);
  };
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const { bytesRead } = socket as Socket;
    // The peer has gone, has sent nothing at all, or has a part of a reply already.
    const isPointless = !socket.writable || bytesRead === 0 || connections.hasBegunReply(socket as Socket);
    if (isPointless || error.code === 'ECONNRESET') socket.destroy();
    else refuse(socket, problemOf(error.code));
  });
  server.on('connect', (_request, socket) => refuse(socket, new SecaggError('method_not_allowed', 'this is no proxy')));
  server.on('checkExpectation', (_request, response) => {
    const problem = new SecaggError('malformed', 'of expectations only 100-continue can be met');
    onRefusal(problem);
    const { status, type, body } = problemReply(problem);
    response
      .writeHead(status, {
        'content-type': type,
        'content-length': Buffer.byteLength(body as string),
        connection: 'close',
      })
      .end(body);
  });
}

function problemOf(code: string | undefined): SecaggError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new SecaggError('too_slow', 'the request came too slowly');
    case 'HPE_HEADER_OVERFLOW':
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new SecaggError('too_large', 'the head of the request is larger than allowed');
    default:
      return new SecaggError('malformed', 'this is no HTTP request');
  }
}
