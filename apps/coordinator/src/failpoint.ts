/**
 * Crash points of the coordinator (libs/host/src/failpoint.ts says how they are used). Names are stable, tests rely on
 * them:
 *   before-durable:<write>, in-durable:<write> (inside the transaction), after-durable:<write>   for every journalled
 * event, and for
 *     finish-round, release-round, prune-transcripts, forget-nonces, check (readiness) and migration
 *   received:<operation>      a request has come in, and nothing has been done about it
 *   before-reply:<operation>, after-reply:<operation>   for every operation of the HTTP interface
 */
export { type Failpoint, failpoint } from '@secagg/host';
