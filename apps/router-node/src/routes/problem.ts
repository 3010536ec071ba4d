/** The one place where an error becomes an HTTP problem (RFC 9457). */
import { isDiskFault } from '@secagg/host';
import { type ProblemCode, problems, SecaggError } from '@secagg/schema';
import { type ErrorRequestHandler } from 'express';
import { type Logger } from 'pino';

/** Unknown errors are `internal`, and told to the log alone. */
export function asSecaggError(error: unknown): SecaggError {
  if (error instanceof SecaggError) return error;
  if (isDiskFault(error)) return new SecaggError('unavailable', 'the disk takes no writes');
  const { type, status }: { type?: unknown; status?: unknown } =
    typeof error === 'object' && error !== null ? error : {};
  // What express blames the caller for without a type of its own: a compressed body that does not unpack, say.
  const blamed = typeof status === 'number' && status >= 400 && status < 500 ? 'malformed' : undefined;
  const bodyProblem = (typeof type === 'string' ? BODY_PROBLEMS[type] : undefined) ?? blamed;
  return bodyProblem
    ? new SecaggError(bodyProblem, problems[bodyProblem].title)
    : new SecaggError('internal', problems.internal.title);
}

/** Errors of express's body reader, by their type. */
const BODY_PROBLEMS: Readonly<Record<string, ProblemCode>> = {
  'entity.too.large': 'too_large',
  'request.aborted': 'malformed',
  'request.size.invalid': 'malformed',
  'encoding.unsupported': 'malformed',
};

/** @param refused told the code of every problem, for the metrics */
export const problemHandler =
  (log: Logger, refused: (code: ProblemCode) => void): ErrorRequestHandler =>
  (error, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const problem = asSecaggError(error);
    const { status, title } = problems[problem.code];
    if (problem.code === 'internal')
      log.error({ err: error, method: request.method, path: request.path }, 'request failed');
    else if (!(error instanceof SecaggError) && problem.code === 'unavailable')
      log.error({ err: error }, 'the disk takes no writes');
    else log.debug({ code: problem.code, method: request.method, path: request.path }, 'request refused');
    refused(problem.code);
    if (status === 429 || status === 503) response.set('retry-after', '1');
    response
      .status(status)
      .type('application/problem+json')
      .send(
        JSON.stringify({
          ...problem.details,
          type: `urn:secagg:problem:${problem.code}`,
          title,
          status,
          detail: problem.message,
          code: problem.code,
        }),
      );
  };
