/** Without `box.commitments`, the seeds of a box are taken as they are. */
import { openBoxPlaintext, seedsFromPlaintext, wipe } from '@secagg/crypto';
import { type Bytes, type MemberIndex, type PartyId, SecaggError, type SubsetMask } from '@secagg/schema';
import { type VerifiedRound } from '../../../src/round/verified-round';
import { commitmentContext } from '../../../src/wire/bindings';
import { isSwitchedOff } from '../../support/switched-off';

export function readSeeds(
  round: VerifiedRound,
  member: MemberIndex,
  router: PartyId,
  plaintext: Bytes,
  commitments: Bytes,
): Map<SubsetMask, Bytes> | undefined {
  const context = commitmentContext(round, router);
  try {
    return isSwitchedOff('box.commitments')
      ? seedsFromPlaintext(context.pieces, member, plaintext)
      : openBoxPlaintext(context, member, plaintext, commitments);
  } catch (error) {
    if (error instanceof SecaggError) return undefined;
    throw error;
  } finally {
    wipe(plaintext);
  }
}
