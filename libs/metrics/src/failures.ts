import { type ProblemCode, problems } from '@secagg/schema';
import { Counter, type Registry } from 'prom-client';

/** Values the `reason` label can take: a fixed list, whatever a peer sends. */
export const failureReasons: readonly string[] = [
  ...new Set(Object.values(problems).map((problem) => problem.metric)),
].sort();

const AUTHENTICATION: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'bad_token',
  'unknown_party',
  'bad_certificate',
  'bad_signature',
  'wrong_role',
  'expired',
  'revoked',
]);
const MALFORMED: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'malformed',
  'not_canonical',
  'too_large',
  'invalid',
]);

/**
 * Counts a failure by its problem code. Failed authentications and malformed messages are counted from the same code,
 * so that the three counters cannot disagree. All reasons exist from the start, at zero: a rate over a series that
 * appears with its first failure would miss that failure.
 */
export function createFailureCounters(registry: Registry): (code: ProblemCode) => void {
  const registers = [registry];
  const failures = new Counter({
    name: 'secure_agg_failures_total',
    help: 'Refused messages and failed rounds by reason',
    labelNames: ['reason'] as const,
    registers,
  });
  const authentication = new Counter({
    name: 'federation_failed_authentications',
    help: 'Messages whose sender, token, certificate, role or signature did not hold',
    registers,
  });
  const malformed = new Counter({
    name: 'federation_malformed_messages',
    help: 'Messages that could not be decoded or had a field out of its range',
    registers,
  });
  for (const reason of failureReasons) failures.inc({ reason }, 0);
  return (code) => {
    failures.inc({ reason: problems[code].metric });
    if (AUTHENTICATION.has(code)) authentication.inc();
    if (MALFORMED.has(code)) malformed.inc();
  };
}
