/** The one place where an error becomes an HTTP problem (RFC 9457). */
import { isDiskFault } from '@secagg/host';
import { problems, SecaggError } from '@secagg/schema';
import { type Reply } from './operation';

export const PROBLEM_TYPE = 'application/problem+json';

/** An error of another kind is `internal`: its text could hold anything, so it goes to the log and not to the peer. */
export function asSecaggError(error: unknown): SecaggError {
  if (error instanceof SecaggError) return error;
  if (isDiskFault(error)) return new SecaggError('unavailable', 'the store takes no writes now');
  return new SecaggError('internal', problems.internal.title);
}

export function problemReply(error: SecaggError): Reply {
  const { title, status } = problems[error.code];
  const { retryAfterS, ...details } = error.details;
  const body = {
    ...details,
    type: `urn:secagg:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
  };
  const headers = headersOf(status, retryAfterS);
  return { status, type: PROBLEM_TYPE, body: JSON.stringify(body), ...(headers ? { headers } : {}) };
}

function headersOf(status: number, retryAfterS: unknown): Record<string, string> | undefined {
  if (status === 401) return { 'www-authenticate': 'Bearer' };
  if (status !== 429 && status !== 503) return undefined;
  return { 'retry-after': String(typeof retryAfterS === 'number' ? Math.max(1, retryAfterS) : 1) };
}
