/**
 * Crash points for crash tests: the process kills itself, as a power cut would, where SECAGG_UNSAFE_CRASH_AT says.
 * `name` dies at the first call with that name, `name#k` at the k-th. SECAGG_UNSAFE_CRASH_TRACE names a file that every
 * name is appended to when this process first comes to it. Names are the programs' own
 * (apps/coordinator/src/failpoint.ts, apps/router-node/src/failpoint.ts).
 */
import { appendFileSync } from 'node:fs';

export type Failpoint = (name: string) => void;

export function failpointFrom(
  setting: string | undefined,
  kill: () => void,
  trace?: (name: string) => void,
): Failpoint {
  if (!setting && !trace) return () => undefined;
  const [wanted, nth] = (setting ?? '').split('#');
  let left = nth === undefined ? 1 : Number(nth);
  const traced = new Set<string>();
  return (name) => {
    if (trace && !traced.has(name)) {
      traced.add(name);
      trace(name);
    }
    if (name === wanted && --left === 0) kill();
  };
}

const { SECAGG_UNSAFE_CRASH_AT: crashAt, SECAGG_UNSAFE_CRASH_TRACE: traceFile } = process.env;
/** Whether this is a crash test at all. */
export const hasCrashPoints = Boolean(crashAt || traceFile);

export const failpoint = failpointFrom(
  crashAt,
  () => process.kill(process.pid, 'SIGKILL'),
  traceFile ? (name) => appendFileSync(traceFile, `${name}\n`) : undefined,
);
