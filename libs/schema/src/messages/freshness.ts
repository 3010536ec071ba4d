/**
 * A short-lived statement of which fleet documents are current, by the authority or an online key that it lends
 * (docs/protocol.md, "Freshness"): without it, a party that distributes documents could withhold newer ones until the
 * old ones expire.
 */
import { z } from 'zod';
import { defineMessage } from './define';
import { bytesOf, digest, fleetId, integer, isStrictlyIncreasing, timeMs, version } from './fields';
import { signedSchema } from './signed';

const YEAR_MS = 366 * 86_400_000;

/** Signed by the authority: an online key that may sign statements, and nothing else. */
const freshnessKeySchema = z.strictObject({
  v: version,
  fleet: fleetId,
  /** Of the serials of certificates: the roster revokes it as it revokes those. */
  serial: integer(1, Number.MAX_SAFE_INTEGER),
  /** Ed25519 public key. */
  public_key: bytesOf(32),
  not_before_ms: timeMs,
  not_after_ms: timeMs,
  /** Longest time from the issue to the end of a statement of this key. */
  max_lifetime_ms: integer(1, YEAR_MS),
});
export type FreshnessKey = z.infer<typeof freshnessKeySchema>;
export const freshnessKeyMessage = defineMessage<FreshnessKey>('freshness-key', freshnessKeySchema, 1024);

const documentName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1 to 32 of a-z 0-9 -, first a letter');

const freshnessSchema = z.strictObject({
  v: version,
  fleet: fleetId,
  /** Orders the statements of a fleet. */
  issued_at_ms: timeMs,
  not_after_ms: timeMs,
  /** By name. Those named `policy` and `roster` are there; a party takes no notice of names that it does not know. */
  documents: z
    .array(z.strictObject({ name: documentName, version: integer(1, Number.MAX_SAFE_INTEGER), hash: digest }))
    .min(2)
    .max(16)
    .refine((documents) => isStrictlyIncreasing(documents.map(({ name }) => name)), 'must be sorted by name')
    .refine(
      (documents) => ['policy', 'roster'].every((wanted) => documents.some(({ name }) => name === wanted)),
      'must name policy and roster',
    ),
});
export type Freshness = z.infer<typeof freshnessSchema>;
export const freshnessMessage = defineMessage<Freshness>('freshness', freshnessSchema, 2048);

const freshnessProofSchema = z.strictObject({
  /** The signed freshness-key, where the statement is not the authority's own. */
  key: signedSchema.optional(),
  statement: signedSchema,
});
/** A statement with all it takes to check it from the authority's key alone. */
export type FreshnessProof = z.infer<typeof freshnessProofSchema>;
export const freshnessProofMessage = defineMessage<FreshnessProof>('freshness-proof', freshnessProofSchema, 4096);
