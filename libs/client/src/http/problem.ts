/** From an HTTP problem (RFC 9457) back to the error it was made from. */
import { type ProblemCode, problems, SecaggError } from '@secagg/schema';

const isCode = (code: unknown): code is ProblemCode => typeof code === 'string' && Object.hasOwn(problems, code);
const LONGEST_TEXT = 2000;

/** Members of a problem that describe it and are no details of the error. */
const DESCRIPTION = new Set(['type', 'title', 'status', 'detail', 'code', 'instance']);

/**
 * The error a service answered with. An answer that is no problem of this system (a proxy's page, a cut body) becomes
 * `unavailable` from status 500 on, 429 and 408, else `malformed`; `details.foreign` says so. `details.status` is the
 * HTTP status in any case, `details.retryAfterMs` how long the service wants to be left alone.
 */
export function errorOfProblem(
  status: number,
  contentType: string,
  body: Uint8Array,
  retryAfterMs?: number,
): SecaggError {
  const told = retryAfterMs === undefined ? { status } : { status, retryAfterMs };
  const problem = contentType.startsWith('application/problem+json') ? parseObject(body) : undefined;
  if (problem && isCode(problem.code)) {
    const details = Object.fromEntries(Object.entries(problem).filter(([name]) => !DESCRIPTION.has(name)));
    const text = typeof problem.detail === 'string' ? problem.detail : problems[problem.code].title;
    return new SecaggError(problem.code, text.slice(0, LONGEST_TEXT), { ...details, ...told });
  }
  const code = status >= 500 || status === 429 || status === 408 ? 'unavailable' : 'malformed';
  return new SecaggError(code, `the service answered with status ${status}`, { ...told, foreign: true });
}

function parseObject(body: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
