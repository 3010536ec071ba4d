/**
 * Every refusal of the system has a stable code: it is what logs, metrics and HTTP problems (RFC 9457) carry,
 * and what scripts may compare. Codes are never renamed; their texts may be.
 */
export const problems = {
  // Requests and encodings
  malformed: { status: 400, title: 'The message cannot be decoded', metric: 'validation_error' },
  not_canonical: { status: 400, title: 'The encoding is not the canonical one', metric: 'validation_error' },
  too_large: { status: 413, title: 'The message is larger than allowed', metric: 'validation_error' },
  too_slow: { status: 408, title: 'The request came too slowly', metric: 'overloaded' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here', metric: 'validation_error' },
  invalid: { status: 422, title: 'A field is out of its range', metric: 'validation_error' },
  unsupported_suite: {
    status: 422,
    title: 'The suite or protocol version is not supported',
    metric: 'validation_error',
  },
  // Who is speaking
  bad_token: { status: 401, title: 'The bearer token is missing or wrong', metric: 'unauthorized' },
  foreign_request: {
    status: 403,
    title: 'The request is for another host, or of a foreign web page',
    metric: 'unauthorized',
  },
  unknown_party: { status: 403, title: 'The party is not known to this fleet', metric: 'unauthorized' },
  bad_certificate: { status: 403, title: 'The certificate is not valid', metric: 'unauthorized' },
  bad_signature: { status: 403, title: 'The signature does not match', metric: 'unauthorized' },
  wrong_role: { status: 403, title: 'The certificate does not carry the role', metric: 'unauthorized' },
  expired: { status: 403, title: 'The certificate is outside its validity', metric: 'expired' },
  excluded: { status: 403, title: 'The party is excluded for proven misbehaviour', metric: 'excluded' },
  revoked: { status: 403, title: 'The certificate was revoked', metric: 'revoked' },
  // Rounds and epochs
  no_round: { status: 404, title: 'There is no such round', metric: 'stale_round' },
  stale_round: { status: 409, title: 'The round is over, or older than the newest one', metric: 'stale_round' },
  round_open: { status: 409, title: 'Another round of the cluster is open', metric: 'policy' },
  round_full: { status: 409, title: 'The round has its maximum of participants', metric: 'stale_round' },
  wrong_config: { status: 409, title: 'Made for another configuration of the round', metric: 'validation_error' },
  wrong_epoch: { status: 409, title: 'Made for another epoch', metric: 'stale_round' },
  wrong_group: { status: 422, title: 'The group is not the one the round assigns', metric: 'validation_error' },
  wrong_digest: {
    status: 422,
    title: 'A part does not match its digest in the signed header',
    metric: 'validation_error',
  },
  duplicate: { status: 409, title: 'A different message of this party is already held', metric: 'duplicate' },
  no_seat: { status: 409, title: 'The party has no seat in the epoch', metric: 'committee_unavailable' },
  bad_proposal: {
    status: 409,
    title: 'The proposed set does not follow from the headers and reports',
    metric: 'validation_error',
  },
  already_voted: { status: 409, title: 'The member has voted otherwise on this round', metric: 'validation_error' },
  no_decision: { status: 409, title: 'A quorum has not decided this', metric: 'validation_error' },
  bad_proof: { status: 422, title: 'The proof does not show what it claims', metric: 'validation_error' },
  wrong_answer: { status: 422, title: 'An answer does not match the signed hash', metric: 'recovery_failed' },
  // Outcomes
  insufficient_participants: { status: 409, title: 'Too few participants', metric: 'insufficient_participants' },
  committee_unavailable: { status: 503, title: 'Too few committee members answered', metric: 'committee_unavailable' },
  recovery_failed: { status: 500, title: 'The sum could not be recovered', metric: 'recovery_failed' },
  policy: { status: 403, title: 'Falls below the fleet policy or a local limit', metric: 'policy' },
  budget_exhausted: { status: 403, title: 'The privacy budget does not allow it', metric: 'budget_exhausted' },
  quarantined: {
    status: 403,
    title: 'The scores over rounds name the router, and the fleet policy sets it aside for some',
    metric: 'quarantined',
  },
  slot_missed: { status: 409, title: 'The contribution could not be ready at its time', metric: 'slot_missed' },
  cannot_open: { status: 422, title: 'A sealed box cannot be opened', metric: 'validation_error' },
  stale_documents: {
    status: 503,
    title: 'Policy and roster are not known to be the current ones',
    metric: 'stale_documents',
  },
  // The service
  not_found: { status: 404, title: 'There is nothing here', metric: 'validation_error' },
  unavailable: { status: 503, title: 'Not ready', metric: 'unavailable' },
  overloaded: { status: 429, title: 'Too many requests', metric: 'overloaded' },
  internal: { status: 500, title: 'An internal error', metric: 'internal' },
} as const satisfies Record<string, { status: number; title: string; metric: string }>;

export type ProblemCode = keyof typeof problems;

/** An error with a stable code; `details` never holds a secret or a value from a contribution. */
export class SecaggError extends Error {
  override readonly name = 'SecaggError';

  constructor(
    readonly code: ProblemCode,
    message: string,
    readonly details: { party?: string; round?: number; path?: string; [key: string]: unknown } = {},
  ) {
    super(message);
  }
}
