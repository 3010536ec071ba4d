/** One request and what came back for it. */
import { connect } from 'node:net';
import { problems } from '@secagg/schema';
import { type RawRequest } from './requests';

export interface Answer {
  /** 0: closed without an answer. */
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const TIMEOUT_MS = 20_000;
/** How long the sender of half a request stays. */
const LINGER_MS = 20;

/** Sends raw bytes over a connection of its own. Undefined when nothing came within the time. */
export function exchange(port: number, { bytes, cut }: RawRequest): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const chunks: Buffer[] = [];
    const settle = (answer: Answer | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => settle(undefined), TIMEOUT_MS);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A server that refuses a large body closes while it is still being sent.
    socket.on('error', () => settle(answerOf(Buffer.concat(chunks))));
    socket.on('end', () => settle(answerOf(Buffer.concat(chunks))));
    socket.on('close', () => settle(answerOf(Buffer.concat(chunks))));
    socket.write(bytes, () => {
      if (cut) setTimeout(() => socket.end(), LINGER_MS);
    });
  });
}

function answerOf(bytes: Buffer): Answer {
  const text = bytes.toString('latin1');
  // An interim answer stands before the final one.
  const final = text.replace(/^(HTTP\/1\.1 1\d\d [^]*?\r\n\r\n)+/, '');
  const end = final.indexOf('\r\n\r\n');
  const head = end < 0 ? final : final.slice(0, end);
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
    type: /^content-type: *([^\r\n]*)/im.exec(head)?.[1] ?? '',
    body: end < 0 ? '' : final.slice(end + 4),
  };
}

/** What is wrong with an answer; undefined when nothing is. */
export function problemWith({ bytes, cut }: RawRequest, { status, type, body }: Answer): string | undefined {
  if (status === 0) return cut || bytes.length > 2 ** 20 ? undefined : 'closed without an answer';
  if (status < 400) return undefined;
  if (Buffer.from(bytes.subarray(0, 5)).toString() === 'HEAD ') return status === 500 ? 'answered with 500' : undefined;
  if (!type.startsWith('application/problem+json')) return `status ${status} with type '${type}' and no problem`;
  const code = codeOf(body);
  if (code === undefined) return `status ${status} without a known code: ${body.slice(0, 200)}`;
  return code === 'internal' ? 'answered with the code internal' : undefined;
}

/** The known code of a problem document. */
export function codeOf(body: string): string | undefined {
  const found = /"code":"([a-z_]+)"\}/.exec(body)?.[1];
  return found !== undefined && Object.hasOwn(problems, found) ? found : undefined;
}
