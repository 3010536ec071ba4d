/** Refusals under the name of the check that failed. */
import { type ProblemCode, SecaggError } from '@secagg/schema';
import { type CheckName } from './names';

export type { CheckName } from './names';

type Details = SecaggError['details'];

/** Throws a SecaggError with the check's name in its details. */
export function refuse(check: CheckName, code: ProblemCode, message: string, details: Details = {}): never {
  throw new SecaggError(code, message, { ...details, check });
}

/** Refuses unless the check holds. */
export function ensure(
  check: CheckName,
  holds: boolean,
  code: ProblemCode,
  message: string,
  details: Details = {},
): asserts holds {
  if (!holds) refuse(check, code, message, details);
}

/** Throws what `run` throws, with the check's name in its details. */
export function under<T>(check: CheckName, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    return refuse(check, error.code, error.message, error.details);
  }
}

/** The name of the check a refusal came from, where it has one. */
export const checkOf = (error: unknown): CheckName | undefined =>
  error instanceof SecaggError ? (error.details.check as CheckName | undefined) : undefined;
