/** The seeds in an opened box. */
import { openBoxPlaintext, wipe } from '@secagg/crypto';
import { type Bytes, type MemberIndex, type PartyId, SecaggError, type SubsetMask } from '@secagg/schema';
import { type VerifiedRound } from '../round/verified-round';
import { commitmentContext } from '../wire/bindings';

/** Its seeds, or undefined unless they are all there and are those the router committed to. Wipes the content. */
export function readSeeds(
  round: VerifiedRound,
  member: MemberIndex,
  router: PartyId,
  plaintext: Bytes,
  commitments: Bytes,
): Map<SubsetMask, Bytes> | undefined {
  try {
    return openBoxPlaintext(commitmentContext(round, router), member, plaintext, commitments);
  } catch (error) {
    if (error instanceof SecaggError) return undefined;
    throw error;
  } finally {
    wipe(plaintext);
  }
}
