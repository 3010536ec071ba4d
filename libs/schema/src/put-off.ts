/**
 * Why the rounds of an interval are put off: in the coordinator's status, and as labels of `secure_agg_rounds_put_off`.
 * Never renamed.
 */
export const putOffReasons = ['too_few_routers', 'no_decision', 'all_withheld', 'budget'] as const;
export type PutOffReason = (typeof putOffReasons)[number];
