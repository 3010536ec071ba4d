/**
 * What the offline fleet authority signs: certificates, the roster and the fleet policy (docs/protocol.md, "Fleet
 * documents" and "Epochs").
 */
import { z } from 'zod';
import { defineMessage } from './define';
import {
  bytesOf,
  cipherSuiteId,
  clusterHash,
  fleetId,
  integer,
  isStrictlyIncreasing,
  maxCommittee,
  partyId,
  privacyUnit,
  sealingSuiteId,
  sortedIds,
  timeMs,
  version,
} from './fields';
import { signedSchema } from './signed';

export const role = z.enum(['router', 'committee', 'coordinator', 'operator']);
export type Role = z.infer<typeof role>;

const certificateSchema = z.strictObject({
  v: version,
  fleet: fleetId,
  serial: integer(1, Number.MAX_SAFE_INTEGER),
  id: partyId,
  roles: z.array(role).min(1).max(4).refine(isStrictlyIncreasing, 'must be sorted, without duplicates'),
  organisation: z.string().min(1).max(128),
  /** Ed25519 public key. */
  public_key: bytesOf(32),
  not_before_ms: timeMs,
  not_after_ms: timeMs,
});
export type Certificate = z.infer<typeof certificateSchema>;
export const certificateMessage = defineMessage<Certificate>('certificate', certificateSchema, 1024);

/** Who is a router: only parties with a certificate here count towards minimums, honest quorum and N. */
const rosterSchema = z.strictObject({
  v: version,
  fleet: fleetId,
  version: integer(1, Number.MAX_SAFE_INTEGER),
  issued_at_ms: timeMs,
  not_after_ms: timeMs,
  /** Signed certificates, in increasing order of id. */
  certificates: z.array(signedSchema).max(20000),
  revoked_serials: z.array(integer(1, Number.MAX_SAFE_INTEGER)).max(20000),
});
export type Roster = z.infer<typeof rosterSchema>;
export const rosterMessage = defineMessage<Roster>('roster', rosterSchema, 16 * 1024 * 1024);

const clusterPolicySchema = z
  .strictObject({
    cluster: clusterHash,
    /** Members; an empty list means every router of the roster. */
    members: sortedIds(20000),
    privacy_units: z.array(privacyUnit).min(1).max(2),
    min_participants_per_group: integer(1, 1000000),
    /** Routers assumed to collude with the coordinator or to skip their noise, subtracted in every group. */
    min_assumed_colluders: integer(0, 1000000),
    max_groups: integer(1, 1024),
    /** Largest privacy cost of one round, in units of 2^-40 rho (zCDP): the noise floor. */
    max_round_rho_units: integer(0, Number.MAX_SAFE_INTEGER),
    /** Budget of each router's own data over `budget_window_days` (0: its lifetime), in units of 2^-40 rho. */
    budget_rho_units: integer(0, Number.MAX_SAFE_INTEGER),
    budget_window_days: integer(0, 36500),
    /**
     * What the budget is held to: the rounds of the window (`window`, also when absent), or those that one request
     * enters (`event`).
     */
    budget_protects: z.enum(['window', 'event']).optional(),
    /** Smallest `delta_inverse` a round may report its epsilon at: delta is at most its inverse. */
    min_delta_inverse: integer(2, Number.MAX_SAFE_INTEGER),
    /** Rounds without noise, for trials on data that needs no protection. */
    unsafe_no_noise: z.boolean(),
    /** Rounds for which a coordinator refuses a router that the scores name; absent: it refuses nobody for that. */
    quarantine_rounds: integer(1, 10000).optional(),
  })
  .refine(({ budget_protects, privacy_units }) => budget_protects !== 'event' || !privacy_units.includes('router'), {
    path: ['budget_protects'],
    error:
      'must not be `event` with unit `router`: a router is in every round, so that what protects one round of it protects nothing that lasts',
  });
export type ClusterPolicy = z.infer<typeof clusterPolicySchema>;

const policySchema = z.strictObject({
  v: version,
  fleet: fleetId,
  version: integer(1, Number.MAX_SAFE_INTEGER),
  issued_at_ms: timeMs,
  not_after_ms: timeMs,
  clusters: z.array(clusterPolicySchema).min(1).max(1024),
  committee: z.strictObject({
    candidates: sortedIds(1024),
    size: integer(1, maxCommittee),
    threshold: integer(1, maxCommittee),
    max_epoch_ms: integer(1, 366 * 86400000),
  }),
  /** Versions of this protocol that rounds and epochs may be made in; absent: version 1 alone. */
  protocol_versions: z.array(integer(1, 1000)).min(1).max(16).optional(),
  suites: z.array(cipherSuiteId).min(1).max(4),
  sealing_suites: z.array(sealingSuiteId).min(1).max(4),
  /**
   * What proven misbehaviour does to a party until it has a new certificate: `record` (also when absent) keeps the
   * evidence, `exclude` also takes its part in seats and rounds.
   */
  misbehaviour: z.enum(['record', 'exclude']).optional(),
  /**
   * How old the newest statement of the current documents may be, and for how long a party goes on without a newer one;
   * absent: none is needed.
   */
  freshness: z
    .strictObject({ max_age_ms: integer(1000, 366 * 86400000), grace_ms: integer(0, 366 * 86400000) })
    .optional(),
  /** Largest difference between an announced round time and a checker's clock. */
  clock_tolerance_ms: integer(1000, 86400000),
});
export type FleetPolicy = z.infer<typeof policySchema>;
export const policyMessage = defineMessage<FleetPolicy>('policy', policySchema, 16 * 1024 * 1024);

const fleetDocumentsSchema = z.strictObject({ policy: signedSchema, roster: signedSchema });
/** The newest signed policy and roster, together as they are handed out and replaced. */
export type FleetDocumentsBody = z.infer<typeof fleetDocumentsSchema>;
export const fleetDocumentsMessage = defineMessage<FleetDocumentsBody>(
  'fleet-documents',
  fleetDocumentsSchema,
  33 * 1024 * 1024,
);
