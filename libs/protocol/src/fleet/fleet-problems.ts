/**
 * What the signed documents say against a party's taking part, for its operator: for `/readyz`. All of it is verified.
 */
import { identityPublicKey } from '@secagg/crypto';
import { type ClusterPolicy, type NotReady, type PartyId, type Role, SecaggError } from '@secagg/schema';
import { sameBytes } from '../wire/bytes';
import { type Identity } from '../wire/identity';
import { certificateOf, type FleetView } from './fleet-view';
import { freshnessProblem, type FreshnessStatus } from './freshness';

const NAMES_SHOWN = 5;
const REASON_OF_CODE = {
  unknown_party: 'not_on_roster',
  revoked: 'certificate_revoked',
  expired: 'certificate_expired',
  wrong_role: 'role_missing',
} as const;
type CertificateReason = (typeof REASON_OF_CODE)[keyof typeof REASON_OF_CODE] | 'key_mismatch';

const REISSUE =
  'let the authority revoke the old certificate, if there is one (secagg fleet roster --revoke), issue one (secagg fleet issue), sign a roster with it and publish';

/** Undefined when the roster gives this key the role at `nowMs`. */
export function certificateProblem(
  view: FleetView,
  identity: Identity,
  role: Role,
  nowMs: number,
): NotReady<CertificateReason> | undefined {
  const { id } = identity;
  try {
    if (sameBytes(certificateOf(view, id, role, nowMs).public_key, identityPublicKey(identity.secretKey)))
      return undefined;
    return {
      reason: 'key_mismatch',
      detail: `the roster has another key for ${id} than the identity key file`,
      action: 'give it the key that its certificate is for, or revoke that certificate and issue one for this key',
    };
  } catch (error) {
    const reason = error instanceof SecaggError ? REASON_OF_CODE[error.code as keyof typeof REASON_OF_CODE] : undefined;
    if (reason === undefined) throw error;
    const detail =
      reason === 'certificate_expired'
        ? `the certificate of ${id} is not valid now`
        : `${(error as SecaggError).message} (version ${view.roster.version})`;
    const action =
      reason === 'role_missing'
        ? `revoke its certificate, issue one with the role ${role}, sign a roster and publish`
        : REISSUE;
    return { reason, detail, action: `${action}; or check the id of this party` };
  }
}

/** That they have ended, or cannot be told to be the current ones. */
export function documentProblems(
  { policy, roster }: FleetView,
  freshness: FreshnessStatus,
  nowMs: number,
): NotReady<'documents_expired' | 'documents_stale'>[] {
  const ended = Object.entries({ policy, roster }).flatMap(([name, { not_after_ms: endMs }]) =>
    nowMs > endMs ? [`the ${name} has ended on ${new Date(endMs).toISOString()}`] : [],
  );
  const stale = freshnessProblem(freshness);
  return [
    ...(ended.length > 0
      ? [
          {
            reason: 'documents_expired' as const,
            detail: ended.join(' and '),
            action: 'sign the next version with the authority (secagg fleet policy, secagg fleet roster) and publish',
          },
        ]
      : []),
    ...(stale === undefined
      ? []
      : [
          {
            reason: 'documents_stale' as const,
            detail: stale,
            action:
              'hand in the newest policy and roster and a new statement (secagg fleet freshness sign, secagg fleet publish)',
          },
        ]),
  ];
}

export const clusterUnknown = (view: FleetView, cluster: string, setting: string): NotReady<'cluster_unknown'> => ({
  reason: 'cluster_unknown',
  detail: `the fleet policy (version ${view.policy.version}) has no cluster ${cluster}`,
  action: `set ${setting} to the hash that fleet.json of the authority's folder has for the cluster, or publish a policy with this one`,
});

/** Names in the policy that the roster does not know, and whether enough candidates are left for a committee. */
export function nameProblems(
  view: FleetView,
  cluster: Pick<ClusterPolicy, 'members'>,
  nowMs: number,
): NotReady<'members_unknown' | 'too_few_candidates'>[] {
  const { candidates, size } = view.policy.committee;
  const unknown = [...new Set([...cluster.members, ...candidates])].filter((id) => !view.certificates.has(id));
  const able = candidates.filter((id) => isAble(view, id, nowMs));
  return [
    ...(unknown.length > 0
      ? [
          {
            reason: 'members_unknown' as const,
            detail: `the policy names parties that the roster does not have: ${shown(unknown)}`,
            action:
              'issue their certificates and publish a roster, or publish a policy that names no others than the roster',
          },
        ]
      : []),
    ...(able.length < size
      ? [
          {
            reason: 'too_few_candidates' as const,
            detail: `a committee has ${size} members, and ${able.length} candidates of the policy have a valid certificate as committee member`,
            action: 'issue certificates with the role committee to its candidates, or name others, and publish',
          },
        ]
      : []),
  ];
}

function isAble(view: FleetView, id: PartyId, nowMs: number): boolean {
  try {
    certificateOf(view, id, 'committee', nowMs);
    return true;
  } catch (error) {
    if (error instanceof SecaggError) return false;
    throw error;
  }
}

const shown = (ids: readonly string[]): string =>
  ids.length <= NAMES_SHOWN
    ? ids.join(', ')
    : `${ids.slice(0, NAMES_SHOWN).join(', ')} and ${ids.length - NAMES_SHOWN} more`;
