/**
 * What a party knows of its fleet from the authority's signature alone (docs/protocol.md, "Fleet documents" and
 * "Epochs").
 */
import {
  type Bytes,
  type Certificate,
  certificateMessage,
  type ClusterHash,
  type ClusterPolicy,
  type FleetPolicy,
  type PartyId,
  policyMessage,
  type Role,
  type Roster,
  rosterMessage,
  SecaggError,
  type Signed,
} from '@secagg/schema';
import { ensure } from '../checks/check';
import { openDocument } from '../wire/documents';

export interface FleetDocuments {
  policy: Signed;
  roster: Signed;
}

export interface FleetView {
  readonly fleet: string;
  readonly authorityKey: Bytes;
  readonly policy: FleetPolicy;
  readonly roster: Roster;
  readonly documents: FleetDocuments;
  /** Verified certificates of the roster by party id. */
  readonly certificates: ReadonlyMap<PartyId, Certificate>;
  /** The same as the authority signed them. */
  readonly signedCertificates: ReadonlyMap<PartyId, Signed>;
  readonly revoked: ReadonlySet<number>;
  /** What was in force before, for rounds announced then; the last few only. */
  readonly previous?: FleetView;
}

/**
 * Verifies the signed policy and roster, every certificate in the roster, and that all speak of one fleet.
 * Throws `bad_signature`, `bad_certificate` or a decoding error. Expiry is judged at use, with the round's time.
 */
export function verifyFleet(authorityKey: Bytes, documents: FleetDocuments): FleetView {
  // The signature covers the fleet name, so it is read first and believed only if the signature under it holds.
  const fleet = policyMessage.decode(documents.policy.body).fleet;
  const policy = openDocument(policyMessage, fleet, documents.policy, authorityKey, 'the fleet authority');
  const roster = openDocument(rosterMessage, fleet, documents.roster, authorityKey, 'the fleet authority');
  if (roster.fleet !== fleet) throw new SecaggError('bad_certificate', 'policy and roster are of different fleets');
  const { size, threshold, candidates } = policy.committee;
  if (size < 2 * threshold - 1) throw new SecaggError('policy', 'a committee needs at least 2t-1 members');
  if (candidates.length < size)
    throw new SecaggError('policy', 'the policy names fewer committee candidates than members');

  const certificates = new Map<PartyId, Certificate>();
  const signedCertificates = new Map<PartyId, Signed>();
  for (const signed of roster.certificates) {
    const certificate = openDocument(certificateMessage, fleet, signed, authorityKey, 'the fleet authority');
    if (certificate.fleet !== fleet || certificates.has(certificate.id)) {
      throw new SecaggError('bad_certificate', 'a certificate of another fleet, or two for one party', {
        party: certificate.id,
      });
    }
    certificates.set(certificate.id, certificate);
    signedCertificates.set(certificate.id, signed);
  }
  return {
    fleet,
    authorityKey,
    policy,
    roster,
    documents,
    certificates,
    signedCertificates,
    revoked: new Set(roster.revoked_serials),
  };
}

/**
 * The certificate of a party in a role, valid at `atMs` (the announced round time, never a local clock).
 * Throws `unknown_party`, `revoked`, `expired` or `wrong_role`.
 */
export function certificateOf(view: FleetView, party: string, wanted: Role, atMs: number): Certificate {
  const certificate = view.certificates.get(party as PartyId);
  if (!certificate) throw new SecaggError('unknown_party', `${party} is not on the roster`, { party });
  if (view.revoked.has(certificate.serial))
    throw new SecaggError('revoked', `the certificate of ${party} was revoked`, { party });
  if (atMs < certificate.not_before_ms || atMs > certificate.not_after_ms) {
    throw new SecaggError('expired', `the certificate of ${party} is not valid at the time of the round`, { party });
  }
  if (!certificate.roles.includes(wanted))
    throw new SecaggError('wrong_role', `${party} has no certificate as ${wanted}`, { party });
  return certificate;
}

/** Throws `policy` when the policy or the roster has ended at `atMs`. */
export function checkFleetCurrent(view: FleetView, atMs: number): void {
  ensure('fleet.current', atMs <= view.policy.not_after_ms, 'policy', 'the fleet policy has ended');
  ensure('fleet.current', atMs <= view.roster.not_after_ms, 'policy', 'the roster has ended');
}

/** Whether rounds and epochs may be made in this version of the protocol. */
export const allowsVersion = ({ policy }: Pick<FleetView, 'policy'>, version: number): boolean =>
  (policy.protocol_versions ?? [1]).includes(version);

/** Throws `policy` when the policy does not have the cluster. */
export function clusterPolicy(view: FleetView, cluster: ClusterHash): ClusterPolicy {
  const found = view.policy.clusters.find((entry) => entry.cluster === cluster);
  if (!found) throw new SecaggError('policy', 'the fleet policy does not have this cluster');
  return found;
}

/** Throws `policy` when the router may not take part in the cluster. */
export function checkClusterMember(policy: ClusterPolicy, router: PartyId): void {
  if (policy.members.length > 0 && !policy.members.includes(router)) {
    throw new SecaggError('policy', `${router} is not a member of the cluster`, { party: router });
  }
}
