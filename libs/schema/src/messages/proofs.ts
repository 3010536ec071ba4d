/**
 * What one party shows another so that it need not believe it: a decision, and a contribution's place in the decided
 * round.
 */
import { z } from 'zod';
import { decisionSchema } from './committee';
import { defineMessage } from './define';
import { epochCertificateSchema } from './epoch';
import { bytesUpTo, clusterHash, digest, integer, maxCommittee, partyId, roundNumber, version } from './fields';
import { signedSchema } from './signed';

/** Everything between the authority's key and a round's decision; the decision is of the announced round. */
export const decidedRoundShape = {
  v: version,
  /** The policy and roster that the round was announced under. */
  policy: signedSchema,
  roster: signedSchema,
  epoch_certificate: epochCertificateSchema,
  announcement: signedSchema,
  decision: decisionSchema,
};
/** Two documents of 16 MiB, an announcement of 2 MiB, and room for the rest. */
export const maxDecidedRoundBytes = 35 * 1024 * 1024;

const decisionProofSchema = z.strictObject(decidedRoundShape);
export type DecisionProof = z.infer<typeof decisionProofSchema>;
export const decisionProofMessage = defineMessage<DecisionProof>(
  'decision-proof',
  decisionProofSchema,
  maxDecidedRoundBytes,
);

const maxRouters = 1_000_000;
/** An audit path over a million leaves has 20 hashes. */
const maxPath = 20;
const maxHeaderBytes = 4096;

const leafShape = {
  /** Body of a signed contribution header; its header hash is the leaf. */
  header: bytesUpTo(maxHeaderBytes),
  index: integer(0, maxRouters - 1),
  /** Siblings from the leaf upwards. */
  path: z.array(digest).max(maxPath),
};
const leafSchema = z.strictObject(leafShape);
/** A header in a tree of headers, with its audit path. */
export type HeaderLeaf = z.infer<typeof leafSchema>;

/**
 * The reports that a `ready` decision went by (`reports_hash`), in increasing order of member: they hold root and
 * length of the list.
 */
const reports = z.array(signedSchema).min(1).max(maxCommittee);

/** Where a router's contribution stands in a round that was decided `ready`. */
export const standingSchema = z.discriminatedUnion('kind', [
  /** In the set: a leaf under the `set_root` of its group. */
  z.strictObject({ kind: z.literal('included'), ...leafShape }),
  /** In the list of all contributions, a leaf under `headers_root`, but not in the set. */
  z.strictObject({ kind: z.literal('left-out'), ...leafShape, reports }),
  /** Not in the list: the neighbours between which it would be. One is missing at an end of the list. */
  z.strictObject({ kind: z.literal('absent'), before: leafSchema.optional(), after: leafSchema.optional(), reports }),
]);
export type Standing = z.infer<typeof standingSchema>;

const inclusionProofSchema = z.strictObject({
  v: version,
  cluster: clusterHash,
  round: roundNumber,
  router: partyId,
  decision: decisionSchema,
  standing: standingSchema,
});
/** Unsigned: the decision inside is, and the rest is checked against it. */
export type InclusionProof = z.infer<typeof inclusionProofSchema>;
/** Thirty reports on a million contributions make four of these. */
export const maxStandingBytes = 4 * 1024 * 1024;
export const inclusionProofMessage = defineMessage<InclusionProof>(
  'inclusion-proof',
  inclusionProofSchema,
  maxStandingBytes + 160 * 1024,
);
