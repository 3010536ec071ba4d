/** What is known of each model for each task, as much of it as noise leaves. */
import { MODELS, TASKS } from './world';

/** A success rate and how many requests, seen without noise, would say as much about it. */
export interface Evidence {
  readonly rate: number;
  readonly requests: number;
}

/** By model and task; undefined where nothing is known. */
export type Knowledge = (model: number, task: number) => Evidence | undefined;

/** What is believed of a model before it was seen, as if from this many requests. */
const PRIOR: Evidence = { rate: 0.7, requests: 2 };

const believed = (evidence: Evidence | undefined): number =>
  evidence
    ? (evidence.rate * evidence.requests + PRIOR.rate * PRIOR.requests) / (evidence.requests + PRIOR.requests)
    : PRIOR.rate;

/** The model that is believed to be best for the task; the first of equals. */
export function choose(task: number, know: Knowledge): number {
  let best = 0;
  for (let model = 1; model < MODELS; model++)
    if (believed(know(model, task)) > believed(know(best, task))) best = model;
  return best;
}

/**
 * The stronger of two pieces of evidence. They are not added up: a router's own requests are in the sums of the fleet.
 */
export const stronger =
  (a: Knowledge, b: Knowledge): Knowledge =>
  (model, task) => {
    const first = a(model, task);
    const second = b(model, task);
    return !first || (second && second.requests > first.requests) ? second : first;
  };

/** Variance of one request's success, about, for rates in question. */
const REQUEST_VARIANCE = 0.2;

/**
 * Evidence from a noisy mean: its variance is that of the requests and of the noise together.
 * @param standardError of the rate, from the noise alone
 */
export const noisyEvidence = (rate: number, requests: number, standardError: number): Evidence => ({
  rate,
  requests: REQUEST_VARIANCE / (REQUEST_VARIANCE / requests + standardError ** 2),
});

/** What came of a request. */
export interface Outcome {
  readonly model: number;
  readonly task: number;
  readonly success: boolean;
}

/** Exact counts of what one router, or all together, have seen. */
export class Tally {
  private readonly requests = new Float64Array(MODELS * TASKS);
  private readonly successes = new Float64Array(MODELS * TASKS);

  add({ model, task, success }: Outcome): void {
    this.requests[model * TASKS + task]++;
    if (success) this.successes[model * TASKS + task]++;
  }

  readonly know: Knowledge = (model, task) => {
    const requests = this.requests[model * TASKS + task];
    return requests > 0 ? { rate: this.successes[model * TASKS + task] / requests, requests } : undefined;
  };
}
