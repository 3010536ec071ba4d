/** What a router-node tells its operator about itself. */
import { z } from 'zod';
import { documentsStatusSchema } from '../documents-status';

const participationSchema = z.looseObject({
  round: z.int().min(1),
  /** `prepared`: durable, not acknowledged; `sent`: the coordinator gave its receipt; then the outcome. */
  state: z.enum(['prepared', 'sent', 'included', 'left_out', 'aborted', 'undecided']),
  observations: z.int().min(0),
  /** What a quorum decided, as far as this node has verified it. */
  decision: z.enum(['ready', 'abort']).nullable().optional(),
});

/** The privacy ledger over all clusters, in zCDP rho and as epsilon at `delta`. */
export const routerPrivacySchema = z.looseObject({
  // Router-nodes of earlier releases do not say what is optional here.
  /** What the budget is held to: all rounds of the window together, or those that one request enters. */
  protects: z.enum(['window', 'event']).optional(),
  /** The same in one sentence. */
  protected: z.string().optional(),
  /** Most that all rounds of the window may cost; with `event`, most that one request may be charged. */
  budget_rho: z.number(),
  /** All rounds of the window together. */
  spent_rho: z.number(),
  open_rho: z.number(),
  /** The single request of the window that was charged most, over all rounds it entered. */
  request_rho: z.number().optional(),
  remaining_rho: z.number(),
  spent_epsilon: z.number(),
  request_epsilon: z.number().optional(),
  remaining_epsilon: z.number(),
  delta: z.number(),
  /** Days of the sliding window that the budget is for; null: for ever. */
  window_days: z.int().min(1).nullable().optional(),
  /** Most requests of one requester in a round; null: no such limit. */
  requests_per_requester: z.int().min(1).nullable().optional(),
});
export type RouterPrivacy = z.infer<typeof routerPrivacySchema>;

/** Absent in what earlier releases say. */
const notReady = z
  .array(
    z.looseObject({
      /** Stable code: a reason of `routerNodeReasons`. */
      reason: z.string(),
      detail: z.string(),
      action: z.string(),
    }),
  )
  .optional();

const valueCounts = z.record(z.string(), z.record(z.string(), z.int().min(1)));

export const routerNodeStatusSchema = z.looseObject({
  id: z.string(),
  fleet: z.string().nullable(),
  cluster: z.string(),
  /** For what reasons it is not ready, as `/readyz` says; empty when it is. */
  not_ready: notReady,
  /** Absent in what earlier releases say. */
  documents: documentsStatusSchema.optional(),
  /** Waiting for a round, and taken by rounds whose outcome is not known. */
  observations: z.looseObject({ waiting: z.int().min(0), taken: z.int().min(0) }),
  /**
   * Waiting observations whose key the last catalogue lacks; whether their quota is full, so that no more are kept; and
   * how many were not kept since the start.
   */
  unlisted: z.looseObject({ waiting: z.int().min(0), full: z.boolean(), skipped: z.int().min(0) }).optional(),
  /** The latest rounds, newest first. */
  participations: z.array(participationSchema),
  /** The last announced round that was not joined, and why. */
  last_refusal: z
    .looseObject({ round: z.int().min(1), code: z.string(), check: z.string().optional(), problem: z.string() })
    .nullable(),
  /**
   * Rounds up to this one are sat out, since the coordinator has told this router that it is in quarantine; null when
   * it has not.
   */
  quarantine: z
    .looseObject({ until_round: z.int().min(1) })
    .nullable()
    .optional(),
  /** Null before the fleet is known. */
  privacy: routerPrivacySchema.nullable(),
  /** Null when this node is no committee member. */
  committee: z.looseObject({ epoch: z.int().min(0), seats: z.array(z.int().min(1)) }).nullable(),
  /**
   * Waiting observations whose `model:task` the last catalogue lacked, by name, those with most: shown here and nowhere
   * else.
   */
  missing_keys: z.record(z.string(), z.int().min(1)),
  /**
   * Waiting observations whose key rounds take, and all others, as far as a catalogue is known: see `GET /v1/names`.
   */
  names: z
    .looseObject({
      catalogue: z.enum(['announced', 'planned']).nullable(),
      listed: z.int().min(0),
      unlisted: z.int().min(0),
    })
    .optional(),
  /** What has become of reported values since the start of the node, by field and key. */
  values: z
    .looseObject({
      bounds: z.looseObject({ latency_s: z.number(), cost_usd_per_token: z.number().nullable() }),
      /**
       * False until a round was announced, or its plan is known: then the bounds are those that fleets have by default.
       */
      bounds_known: z.boolean(),
      /** Values above their bound, which count as it. */
      clipped: valueCounts,
      /** Values that were given and are of no use, such as a cost without tokens. */
      dropped: valueCounts,
      /** What looks wrong about the latest of them, such as a unit. */
      warnings: z.array(z.string()),
    })
    .optional(),
  /**
   * Signed receipts (base64) of rounds that were decided without the contribution, unexplained, and where to get the
   * evidence.
   */
  receipts_not_honoured: z.array(
    z.looseObject({ round: z.string(), receipt: z.string(), evidence: z.string().nullable().optional() }),
  ),
  coordinator: z.looseObject({
    reachable: z.boolean(),
    last_contact: z.string().nullable(),
    last_problem: z.string().nullable(),
  }),
});
export type RouterNodeStatus = z.infer<typeof routerNodeStatusSchema>;
