/**
 * Crash points for crash tests: the process kills itself, as a power cut would, where SECAGG_UNSAFE_CRASH_AT says.
 * `name` dies at the first call with that name, `name#k` at the k-th. Names in use (docs: stable, tests rely on them):
 *   before-durable:<write>, in-durable:<write> (inside the transaction), after-durable:<write>   for every journalled event, and for
 *     finish-round, release-round, prune-transcripts, forget-nonces, check (readiness) and migration
 *   received:<operation>      a request has come in, and nothing has been done about it
 *   before-send:<operation>, after-send:<operation>   for every HTTP reply
 * SECAGG_UNSAFE_CRASH_TRACE names a file that every name is appended to when this process first comes to it.
 */
import { appendFileSync } from 'node:fs';

export type Failpoint = (name: string) => void;

export function failpointFrom(setting: string | undefined, kill: () => void, trace?: (name: string) => void): Failpoint {
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

export const failpoint = failpointFrom(
  crashAt,
  () => process.kill(process.pid, 'SIGKILL'),
  traceFile ? (name) => appendFileSync(traceFile, `${name}\n`) : undefined,
);
