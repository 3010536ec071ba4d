/** Contributions as a liar makes them, signed with whatever key it has. */
import { domainHash } from '@secagg/crypto';
import { buildContribution, type Identity, signDocument, type VerifiedRound } from '@secagg/protocol';
import { type Contribution, type ContributionHeader, contributionMessage, headerMessage } from '@secagg/schema';
import { random } from '@secagg/testbed/random';

/** A contribution of `identity` that adds nothing to the sum. */
export const emptyContribution = (round: VerifiedRound, identity: Identity): Contribution =>
  contributionMessage.decode(
    buildContribution(round, identity, new Float64Array(round.dimension), random, Date.now()).bytes,
  );

/** The parts of a contribution under a header of `identity`, with digests that fit and what `change` says. */
export function reheaded(
  contribution: Contribution,
  identity: Identity,
  change: Partial<ContributionHeader> = {},
): Contribution {
  const { commitments, boxes, ciphertext } = contribution;
  const before = headerMessage.decode(contribution.header.body);
  const header: ContributionHeader = {
    ...before,
    router: identity.id,
    ciphertext_digest: domainHash('ciphertext-digest', ciphertext),
    commitments_digest: domainHash('commitments-digest', commitments),
    box_digests: boxes.map(({ encapsulation, ciphertext: sealed }) => domainHash('box-digest', encapsulation, sealed)),
    ...change,
  };
  return {
    commitments,
    boxes,
    ciphertext,
    header: signDocument(headerMessage, before.fleet, header, identity.secretKey),
  };
}

/** With boxes for these members that do not open. */
export function withBadBoxes(contribution: Contribution, identity: Identity, members: readonly number[]): Contribution {
  const boxes = contribution.boxes.map((box, i) =>
    members.includes(i) ? { ...box, ciphertext: random(box.ciphertext.length) } : box,
  );
  return reheaded({ ...contribution, boxes }, identity);
}
