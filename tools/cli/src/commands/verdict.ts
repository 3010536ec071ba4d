/** A check that says yes with what it has found, or no with what is wrong: exit status 0 or 1. */
import { SecaggError } from '@secagg/schema';
import { type Output, printJson } from '../output';

export interface Verdict {
  /** For programs. */
  readonly json: object;
  /** For people. */
  readonly text: string;
}

/**
 * Runs a check and prints what it found. What it refuses is thrown again with the verdict in front.
 * @param words name of the verdict in JSON, and what stands in front of a refusal: `verified` and `NOT VERIFIED`
 */
export async function printVerdict(
  output: Output,
  json: boolean | undefined,
  [name, no]: readonly [string, string],
  check: () => Promise<Verdict>,
): Promise<void> {
  try {
    const verdict = await check();
    if (json) printJson(output, { [name]: true, ...verdict.json });
    else output.out(verdict.text);
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    const { part, party } = error.details;
    if (json) printJson(output, { [name]: false, code: error.code, message: error.message, part, party });
    throw new SecaggError(
      error.code,
      `${no}: ${typeof part === 'string' ? `${part}: ` : ''}${error.message}`,
      error.details,
    );
  }
}
