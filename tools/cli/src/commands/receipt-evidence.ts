/** What evidence of a receipt that was not honoured says. */
import { verifyReceiptEvidence } from '@secagg/protocol';
import { type Verdict } from './verdict';

/** Throws what does not hold. */
export function receiptVerdict(authorityKey: Uint8Array, bytes: Uint8Array): Verdict {
  const { fleet, cluster, round, router, coordinator, how, decidedBy } = verifyReceiptEvidence(authorityKey, bytes);
  const what = how === 'absent' ? 'nothing of it is in the list' : 'another contribution is in its place in the list';
  return {
    text: [
      `PROVED against ${coordinator}: it acknowledged a contribution of ${router} to round ${round} of cluster ${cluster} (fleet ${fleet}),`,
      `  and ${what} that the committee was shown and the round decided by (${decidedBy.join(', ')})`,
    ].join('\n'),
    json: {
      kind: 'receipt-not-honoured',
      against: coordinator,
      fleet,
      cluster,
      round,
      router,
      how,
      decided_by: decidedBy,
    },
  };
}
