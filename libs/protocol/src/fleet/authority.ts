/**
 * The fleet authority: an offline key that says who is in the fleet and what its rounds may do (docs/protocol.md,
 * "Fleet documents" and "Epochs"). Everything here is pure, so the CLI, the demo and the tests make fleets the same
 * way.
 */
import { generateIdentityKey, tolerance } from '@secagg/crypto';
import {
  type Bytes,
  certificateMessage,
  type ClusterHash,
  type ClusterPolicy,
  type FleetPolicy,
  type PartyId,
  policyMessage,
  type RandomBytes,
  type Role,
  rosterMessage,
  SecaggError,
  type Signed,
} from '@secagg/schema';
import { isSignedBy, signDocument } from '../wire/documents';
import { corruptCandidates } from './assumed-colluders';

export interface Authority {
  readonly fleet: string;
  /** Ed25519; the one key every party is configured with. */
  readonly publicKey: Bytes;
  /** Ed25519 seed, 32 bytes. Never needed by a running service. */
  readonly secretKey: Bytes;
}

export const createAuthority = (fleet: string, random: RandomBytes): Authority => ({
  fleet,
  ...generateIdentityKey(random),
});

export interface CertificateRequest {
  readonly id: string;
  /** In any order. */
  readonly roles: readonly Role[];
  /** Ed25519 public key of the party, 32 bytes; its secret key never leaves the party. */
  readonly publicKey: Bytes;
  readonly organisation: string;
  /** Never used twice in a fleet: revocation is by serial. */
  readonly serial: number;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Throws `invalid` for a request the schema does not take, or one that ends before it begins. */
export function issueCertificate(authority: Authority, request: CertificateRequest): Signed {
  if (request.notAfterMs <= request.notBeforeMs)
    throw new SecaggError('invalid', 'the certificate would end before it begins', { path: 'not_after_ms' });
  const body = {
    v: 1 as const,
    fleet: authority.fleet,
    serial: request.serial,
    id: request.id as PartyId,
    roles: [...new Set(request.roles)].sort(),
    organisation: request.organisation,
    public_key: request.publicKey,
    not_before_ms: request.notBeforeMs,
    not_after_ms: request.notAfterMs,
  };
  return signDocument(certificateMessage, authority.fleet, body, authority.secretKey);
}

export interface RosterTerms {
  readonly version: number;
  readonly issuedAtMs: number;
  readonly notAfterMs: number;
  /** In any order, one for a party. */
  readonly certificates: readonly Signed[];
  readonly revokedSerials?: readonly number[];
}

/**
 * Throws `bad_certificate` for a certificate that this authority did not sign, for two of one party, or for a serial
 * used twice.
 */
export function signRoster(authority: Authority, terms: RosterTerms): Signed {
  const entries = terms.certificates.map((signed) => {
    if (!isSignedBy(certificateMessage, authority.fleet, signed, authority.publicKey)) {
      throw new SecaggError('bad_certificate', 'a certificate of the roster is not signed by this authority');
    }
    const { id, serial } = certificateMessage.decode(signed.body);
    return { id, serial, signed };
  });
  entries.sort((a, b) => (a.id < b.id ? -1 : 1));
  entries.forEach(({ id }, i) => {
    if (i > 0 && entries[i - 1].id === id)
      throw new SecaggError('bad_certificate', `two certificates of ${id}`, { party: id });
  });
  if (new Set(entries.map(({ serial }) => serial)).size !== entries.length)
    throw new SecaggError('bad_certificate', 'a serial is used twice');
  const body = {
    v: 1 as const,
    fleet: authority.fleet,
    version: terms.version,
    issued_at_ms: terms.issuedAtMs,
    not_after_ms: terms.notAfterMs,
    certificates: entries.map(({ signed }) => signed),
    revoked_serials: [...new Set(terms.revokedSerials)].sort((a, b) => a - b),
  };
  return signDocument(rosterMessage, authority.fleet, body, authority.secretKey);
}

/** A policy without what the authority fills in itself. */
export type PolicyTerms = Omit<FleetPolicy, 'v' | 'fleet'>;

/**
 * Throws `policy` for a committee that cannot work, for a cluster named twice or one whose assumed colluders do not
 * cover the corrupt candidates among its routers, and `invalid` for what the schema refuses.
 */
export function signPolicy(authority: Authority, terms: PolicyTerms): Signed {
  const { size, threshold, candidates } = terms.committee;
  const refuse = (what: string): never => {
    throw new SecaggError('policy', what);
  };
  if (size < 2 * threshold - 1)
    refuse(`a committee of ${size} with threshold ${threshold}: at least ${2 * threshold - 1} members are needed`);
  tolerance(size, threshold);
  if (candidates.length < size) refuse(`${candidates.length} committee candidates for ${size} seats`);
  if (new Set(terms.clusters.map(({ cluster }) => cluster)).size !== terms.clusters.length)
    refuse('a cluster is named twice');
  for (const cluster of terms.clusters) {
    const corrupt = corruptCandidates(terms.committee, cluster);
    // Rounds without noise claim nothing; for one with noise in such a cluster every party checks the same.
    if (!cluster.unsafe_no_noise && cluster.min_assumed_colluders < corrupt)
      refuse(
        `cluster ${cluster.cluster}: ${corrupt} corrupt committee candidates may be among its routers, so at least ${corrupt} colluders must be assumed in a group, not ${cluster.min_assumed_colluders}; or list members of the cluster that are no candidates`,
      );
  }
  return signDocument(policyMessage, authority.fleet, { v: 1, fleet: authority.fleet, ...terms }, authority.secretKey);
}

const DAY_MS = 86_400_000;

/**
 * A cluster policy whose assumed colluders, when they are not stated, are the corrupt committee candidates among its
 * routers; none where rounds without noise are allowed.
 */
export type ClusterTerms = Omit<ClusterPolicy, 'min_assumed_colluders'> &
  Partial<Pick<ClusterPolicy, 'min_assumed_colluders'>>;

/** A cluster of all routers of the roster: one group, unit `request`, budgets over 30 days, unless said otherwise. */
export const clusterTerms = (
  cluster: ClusterHash,
  terms: Pick<ClusterPolicy, 'min_participants_per_group' | 'max_round_rho_units' | 'budget_rho_units'> &
    Partial<ClusterPolicy>,
): ClusterTerms => ({
  members: [],
  privacy_units: ['request'],
  max_groups: 1,
  budget_window_days: 30,
  min_delta_inverse: 10_000,
  unsafe_no_noise: false,
  ...terms,
  cluster,
});

type Committee = FleetPolicy['committee'];
type OptionalTerms = 'version' | 'not_after_ms' | 'suites' | 'sealing_suites' | 'clock_tolerance_ms';
export type RequiredPolicyTerms = Omit<PolicyTerms, OptionalTerms | 'committee' | 'clusters'> &
  Partial<Pick<PolicyTerms, OptionalTerms>> & {
    readonly clusters: readonly ClusterTerms[];
    readonly committee: Omit<Committee, 'max_epoch_ms'> & Partial<Committee>;
  };

/**
 * Terms for a year with suite `pad` and X25519 sealing, epochs of at most a week, clocks within a minute, unless said
 * otherwise.
 */
export const policyTerms = (terms: RequiredPolicyTerms): PolicyTerms => ({
  version: 1,
  not_after_ms: terms.issued_at_ms + 365 * DAY_MS,
  suites: ['pad'],
  sealing_suites: ['hpke-x25519-sha256-aes256gcm'],
  clock_tolerance_ms: 60_000,
  ...terms,
  clusters: terms.clusters.map((cluster) => ({
    min_assumed_colluders: cluster.unsafe_no_noise ? 0 : corruptCandidates(terms.committee, cluster),
    ...cluster,
  })),
  committee: { max_epoch_ms: 7 * DAY_MS, ...terms.committee, candidates: [...terms.committee.candidates].sort() },
});
