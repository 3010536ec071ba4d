/** Names that both apps log refusals and failures under. */
import { type SecaggError } from '@secagg/schema';
import { type Logger } from 'pino';

/**
 * `code`, `detail` and, where known, `check` and `party`; `error`, the original with its stack, where that was no
 * refusal. Never a value of a contribution: the details of an error hold none.
 */
export const failureFields = (problem: SecaggError, cause: unknown) => ({
  code: problem.code,
  detail: problem.message,
  check: problem.details.check,
  party: problem.details.party,
  ...(cause === problem ? {} : { error: cause }),
});

/** @param cause the original error: a refusal is itself, anything else is the service's own trouble */
export const logRefusal = (log: Logger, problem: SecaggError, cause: unknown, operation: string): void =>
  log[cause === problem ? 'debug' : 'error']({ operation, ...failureFields(problem, cause) }, 'request refused');
