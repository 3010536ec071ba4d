/** Checks refuse unless a test has taken them away; then what comes after a refusal goes on. */
import { type ProblemCode, SecaggError } from '@secagg/schema';
import { type CheckName } from '../../../src/checks/names';
import { isSwitchedOff } from '../../support/switched-off';

type Details = SecaggError['details'];

export function refuse(check: CheckName, code: ProblemCode, message: string, details: Details = {}): void {
  if (!isSwitchedOff(check)) throw new SecaggError(code, message, { ...details, check });
}

export function ensure(
  check: CheckName,
  holds: boolean,
  code: ProblemCode,
  message: string,
  details: Details = {},
): void {
  if (!holds) refuse(check, code, message, details);
}

export function under<T>(check: CheckName, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    refuse(check, error.code, error.message, error.details);
    return undefined;
  }
}

export const checkOf = (error: unknown): CheckName | undefined =>
  error instanceof SecaggError ? (error.details.check as CheckName | undefined) : undefined;
