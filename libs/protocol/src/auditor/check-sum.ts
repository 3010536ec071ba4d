/** The published sum against the recomputed one, which is what counts. */
import { type WordSum } from '@secagg/crypto';
import { type Transcript } from '@secagg/schema';
import { ensure } from '../checks/check';
import { sameBytes } from '../wire/bytes';

/** Throws `recovery_failed` unless the transcript publishes exactly this sum of the group. */
export function checkSum(sum: WordSum, group: number, published: Transcript['sums']): void {
  const index = published.findIndex((entry) => entry.group === group);
  const same = index >= 0 && sameBytes(published[index].words, sum.toPacked());
  ensure('sum.recomputed', same, 'recovery_failed', `the published sum of group ${group} is not the recomputed one`, {
    part: `sums[${index}]`,
  });
}
