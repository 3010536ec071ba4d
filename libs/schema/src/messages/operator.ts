/** What a fleet operator asks of the coordinator: a new epoch, or a round now. Nothing else is done on request. */
import { z } from 'zod';
import { defineMessage } from './define';
import { bytesOf, clusterHash, fleetId, integer, partyId, timeMs, version } from './fields';

const request = {
  v: version,
  fleet: fleetId,
  operator: partyId,
  /** Drawn for this request; a coordinator takes each once. */
  nonce: bytesOf(16),
  issued_at_ms: timeMs,
};

/**
 * What may differ from the cluster's configured plan, this once; policy and routers still refuse what falls below
 * theirs.
 */
const roundOverridesSchema = z
  .unknown()
  // An empty byte string is an object without fields to zod: one message would have two encodings.
  .refine((value) => !(value instanceof Uint8Array), 'must be a map')
  .pipe(
    z.strictObject({
      send_delay_ms: integer(0, 86400000).optional(),
      duration_ms: integer(1, 7 * 86400000).optional(),
      groups: integer(1, 1024).optional(),
      min_participants_per_group: integer(1, 1000000).optional(),
      max_participants: integer(1, 1000000).optional(),
      /** Target cost of the round, in units of 2^-40 rho. */
      rho_units: integer(1, Number.MAX_SAFE_INTEGER).optional(),
    }),
  );
export type RoundOverrides = z.infer<typeof roundOverridesSchema>;

const operatorRequestSchema = z.discriminatedUnion('action', [
  z.strictObject({ ...request, action: z.literal('start-epoch') }),
  z.strictObject({
    ...request,
    action: z.literal('start-round'),
    cluster: clusterHash,
    overrides: roundOverridesSchema.optional(),
    /** Also while another round of the cluster takes contributions. */
    force: z.literal(true).optional(),
  }),
]);
/** Signed by a party whose certificate carries the role `operator`. */
export type OperatorRequest = z.infer<typeof operatorRequestSchema>;
export const operatorRequestMessage = defineMessage<OperatorRequest>('operator-request', operatorRequestSchema, 4096);
