/**
 * What a published result says of groups: how they were combined and looked, where the combination withstands liars,
 * and which are impossible.
 */
import { z } from 'zod';

const group = z.int().min(0);
const implausibilitySchema = z.object({
  reason: z.enum(['out_of_range', 'too_many_requests', 'inconsistent', 'spoiled']),
  key: z.string().optional(),
  field: z.string().optional(),
});

const implausibleGroup = implausibilitySchema.extend({ group, routers: z.array(z.string()).readonly() });

/** Groups whose sums no honest routers can have sent, and what gave them away. */
export const implausibleGroupsSchema = z.array(implausibleGroup).min(1).readonly();

const shape = z.object({
  combination: z.enum(['median', 'trimmed-mean']),
  /** Groups that are in the result; none when everything is withheld. */
  combined_groups: z.array(group).readonly(),
  /** Groups whose sums no honest routers can have sent, and what gave them away. */
  discarded_groups: z.array(implausibleGroup).readonly(),
  /**
   * Of every opened group: how far it is from the others, unless it is implausible, and the number that lies furthest
   * off.
   */
  scores: z
    .array(
      z.object({
        group,
        size: z.int().min(1),
        flagged: z.boolean(),
        implausible: implausibilitySchema.optional(),
        score: z.number().min(0).optional(),
        largest: z.object({ key: z.string(), measure: z.string(), deviation: z.number() }).optional(),
      }),
    )
    .readonly(),
});

export type PublishedRobustReport = z.infer<typeof shape>;

/** Checked and kept as it is, with whatever a later release adds to it. */
export const robustReportSchema = z.custom<PublishedRobustReport>(
  (value) => shape.safeParse(value).success,
  'is no report on groups',
);
