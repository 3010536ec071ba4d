/** Without `sum.recomputed`, the published sum is believed. */
import { WordSum } from '@secagg/crypto';
import { SecaggError, type Transcript } from '@secagg/schema';
import { sameBytes } from '../../../src/wire/bytes';
import { isSwitchedOff } from '../../support/switched-off';

export function checkSum(sum: WordSum, group: number, published: Transcript['sums']): void {
  const index = published.findIndex((entry) => entry.group === group);
  const recomputed = sum.toPacked();
  if (index >= 0 && sameBytes(published[index].words, recomputed)) return;
  if (!isSwitchedOff('sum.recomputed'))
    throw new SecaggError('recovery_failed', `the published sum of group ${group} is not the recomputed one`, {
      part: `sums[${index}]`,
      check: 'sum.recomputed',
    });
  const itself = new WordSum(sum.dimension, sum.bits);
  itself.addPacked(recomputed);
  sum.subtract(itself);
  sum.addPacked(published[index].words);
}
