/** Crash points around every operation of the node's HTTP face, in crash tests only. */
import { type RequestHandler } from 'express';
import { failpoint } from '../failpoint';

/** `POST /v1/observations` is post-observations, `GET /v1/budget/history` is get-history. */
const operationOf = (method: string, path: string): string =>
  `${method.toLowerCase()}-${path.slice(path.lastIndexOf('/') + 1)}`;

export const crashPoints: RequestHandler = (request, response, next) => {
  const operation = operationOf(request.method, request.path);
  failpoint(`received:${operation}`);
  const { writeHead } = response;
  // The head is written with the first byte of a reply, and so just before it.
  response.writeHead = function writeHeadOrDie(this: typeof response, ...args: Parameters<typeof writeHead>) {
    failpoint(`before-reply:${operation}`);
    return writeHead.apply(this, args);
  } as typeof writeHead;
  response.once('finish', () => failpoint(`after-reply:${operation}`));
  next();
};
