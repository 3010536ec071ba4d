/**
 * Why a service is not ready: `reasons` of `/readyz` and of the router-node's `/v1/status`, and labels of
 * `secure_agg_not_ready`. Codes are never renamed. Those that begin with `coordinator_` rest on answers that nobody has
 * signed: they are for people, and change nothing that a node does.
 */
const common = [
  'store_unwritable',
  'documents_stale',
  'documents_expired',
  'not_on_roster',
  'certificate_revoked',
  'certificate_expired',
  'role_missing',
  'key_mismatch',
  'cluster_unknown',
  'members_unknown',
  'too_few_candidates',
] as const;

export const coordinatorReasons = [...common, 'shutting_down', 'plan_conflict'] as const;
export type CoordinatorReason = (typeof coordinatorReasons)[number];

export const routerNodeReasons = [
  ...common,
  'fleet_unknown',
  'not_a_member',
  'store_key_missing',
  'coordinator_unreachable',
  'coordinator_tls',
  'coordinator_certificate',
  'coordinator_not_secagg',
  'coordinator_other_fleet',
  'coordinator_outdated',
  'coordinator_refuses',
  'coordinator_unavailable',
] as const;
export type RouterNodeReason = (typeof routerNodeReasons)[number];

/** One reason, in words for the operator. */
export interface NotReady<Reason extends string = string> {
  readonly reason: Reason;
  /** What is wrong. */
  readonly detail: string;
  /** What to do. */
  readonly action: string;
}
