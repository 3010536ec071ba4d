/**
 * Crash points for crash tests: the process kills itself, as a power cut would, where SECAGG_UNSAFE_CRASH_AT says.
 * `name` dies at the first call with that name, `name#k` at the k-th. Names (stable, tests rely on them):
 *   before-durable:<event>, in-durable:<event> (inside the transaction), after-durable:<event>   for every event of the
 *     journals (libs/protocol), and for `observations-accepted`; before and after also for `signal-put`
 *   before-send:<what>, after-send:<what>   for contribution, seat, epoch-signature, report, vote, transfer, answer
 */
const [target, countText] = (process.env.SECAGG_UNSAFE_CRASH_AT ?? '').split('#');
let left = countText === undefined ? 1 : Number(countText);

export function failpoint(name: string): void {
  if (target !== '' && name === target && --left === 0) process.kill(process.pid, 'SIGKILL');
}

/** Something leaves for the coordinator. */
export async function sending<T>(what: string, send: () => Promise<T>): Promise<T> {
  failpoint(`before-send:${what}`);
  const reply = await send();
  failpoint(`after-send:${what}`);
  return reply;
}
