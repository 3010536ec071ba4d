/**
 * Crash points for crash tests: the process kills itself, as a power cut would, where SECAGG_UNSAFE_CRASH_AT says.
 * `name` dies at the first call with that name, `name#k` at the k-th. Names in use (docs: stable, tests rely on them):
 *   before-durable:<event>, in-durable:<event> (inside the transaction), after-durable:<event>   for every journalled event
 *   before-durable:finish-round, in-durable:finish-round, after-durable:finish-round             for a finished round's record
 *   before-send:<operation>, after-send:<operation>                                              for every HTTP reply
 */
export type Failpoint = (name: string) => void;

export function failpointFrom(setting: string | undefined, kill: () => void): Failpoint {
  if (!setting) return () => undefined;
  const [wanted, nth] = setting.split('#');
  let left = nth === undefined ? 1 : Number(nth);
  return (name) => {
    if (name === wanted && --left === 0) kill();
  };
}

export const failpoint = failpointFrom(process.env.SECAGG_UNSAFE_CRASH_AT, () => process.kill(process.pid, 'SIGKILL'));
