/**
 * Crash points for crash tests: the process kills itself, as a power cut would, where SECAGG_UNSAFE_CRASH_AT says.
 * `name` dies at the first call with that name, `name#k` at the k-th. Names (stable, tests rely on them):
 *   before-durable:<write>, in-durable:<write> (inside the transaction), after-durable:<write>   for every event of the
 * journals
 *     (libs/protocol; also as router/<event> and committee/<event>), for router/snapshot and committee/snapshot (a
 * journal is folded),
 *     router/migration, committee/migration, observations/migration, observations-imported, observations-moved,
 * observations-accepted,
 *     observations-taken, observations-released, signal-put, aggregate-observed, decision-kept, check (readiness);
 *     before and after also for `purge` (erased secrets leave the file)
 *   before-send:<what>, after-send:<what> (the answer is here)   for contribution, seat, epoch-signature, report, vote,
 * transfer, answer
 *     and for what is asked for: fleet, freshness, open-round, round-status, latest-round, transcript, inclusion, work,
 * views
 *   in-send:<what>   for what has a body: it has been handed to the operating system, and no answer has come
 *   received:<operation>, before-reply:<operation>, after-reply:<operation>   for every operation of the node's own
 * HTTP face SECAGG_UNSAFE_CRASH_TRACE names a file that every name is appended to when this process first comes to it.
 */
import { subscribe } from 'node:diagnostics_channel';
import { type Failpoint, failpoint, hasCrashPoints } from '@secagg/host';

export { type Failpoint, failpoint, hasCrashPoints };

/** Something leaves for the coordinator, or is asked of it. */
export async function sending<T>(what: string, send: () => Promise<T>): Promise<T> {
  failpoint(`before-send:${what}`);
  const reply = await send();
  failpoint(`after-send:${what}`);
  return reply;
}

/** Last part of the path of what is posted to the coordinator, and its name here. */
const posted: Readonly<Record<string, string>> = {
  contributions: 'contribution',
  seats: 'seat',
  'epoch-signatures': 'epoch-signature',
  reports: 'report',
  votes: 'vote',
  transfers: 'transfer',
  answers: 'answer',
};

if (hasCrashPoints) {
  subscribe('undici:request:bodySent', (message) => {
    const { path } = (message as { request: { path: string } }).request;
    const what = posted[path.slice(path.lastIndexOf('/') + 1)];
    if (what !== undefined) failpoint(`in-send:${what}`);
  });
}
