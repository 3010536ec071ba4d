/** Says in which part of a transcript a check failed, so that a person knows which file to look at. */
import { type Bytes, type Message, policyMessage, rosterMessage, SecaggError, type Signed } from '@secagg/schema';
import { isSignedBy } from './documents';

/** Runs a check of one part; what it throws carries the part's name, unless a part inside has been named already. */
export function inPart<T>(part: string | (() => string), check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof SecaggError) || error.details.part !== undefined) throw error;
    throw new SecaggError(error.code, error.message, {
      ...error.details,
      part: typeof part === 'string' ? part : part(),
    });
  }
}

/**
 * Of authority key, policy and roster, the one that does not fit the two others: `authority_key`, `policy` or `roster`.
 */
export function blameFleet(authorityKey: Bytes, documents: { policy: Signed; roster: Signed }): string {
  const policyHolds = isGenuine(policyMessage, documents.policy, authorityKey);
  const rosterHolds = isGenuine(rosterMessage, documents.roster, authorityKey);
  if (!policyHolds && !rosterHolds) return 'authority_key';
  return policyHolds ? 'roster' : 'policy';
}

function isGenuine<T extends { fleet: string }>(message: Message<T>, signed: Signed, key: Bytes): boolean {
  try {
    return isSignedBy(message, message.decode(signed.body).fleet, signed, key);
  } catch {
    return false;
  }
}
