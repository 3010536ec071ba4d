import { z } from 'zod';

const hours = z.number().min(0.1).max(87_600);
const pseudoCount = z.number().min(0.01).max(1000);

/** How rounds and own observations become priors. */
export const priorOptionsSchema = z
  .strictObject({
    /** Age at which an observation counts half. */
    half_life_hours: hours.default(72),
    /** Evidence older than this is used only where nothing newer is of use, and is marked `expired`. */
    age_limit_hours: hours.default(168),
    /** Requests that a posterior must be worth to be `usable`; below it is `uncertain`. */
    min_mass: z.number().min(0).max(1e9).default(10),
    /** Most requests that a posterior is worth: alpha + beta never exceed it. */
    max_mass: z.number().min(1).max(1e9).default(1000),
    /** Beta distribution of the success of a model of which nothing is known. */
    prior_alpha: pseudoCount.default(1),
    prior_beta: pseudoCount.default(1),
    /**
     * Standard deviation of the latency, or cost, of one request over its mean, where the router's own requests do not
     * say.
     */
    variation: z.number().min(0.1).max(10).default(1),
  })
  .prefault({});
export type PriorOptions = z.output<typeof priorOptionsSchema>;

/** What is left of an observation's weight after a time. An age below 0 is a clock that is ahead: it counts in full. */
export const weightAt = (ageMs: number, { half_life_hours }: Pick<PriorOptions, 'half_life_hours'>): number =>
  2 ** -(Math.max(0, ageMs) / (half_life_hours * 3_600_000));
