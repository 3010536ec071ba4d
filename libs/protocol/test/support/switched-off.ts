/**
 * Which checks the adversary tests have taken away, to show that each of them is what stops an attack. Processes read
 * the names from a file, one a line, whenever they check; the test's own process says them directly. Only the doubles
 * of `without-checks` folders ask.
 */
import { existsSync, readFileSync } from 'node:fs';

/** Checks that are off in this process. */
export const off = new Set<string>();

export function isSwitchedOff(check: string): boolean {
  const file = process.env.TEST_CHECKS_OFF;
  if (file === undefined) return off.has(check);
  return existsSync(file) && readFileSync(file, 'utf8').split('\n').includes(check);
}
