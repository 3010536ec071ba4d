/** Traffic of a fleet of model routers, for a demo without input: eight models, the seven default tasks, uneven use. */
import { type RewardObservation } from '@secagg/schema';
import { gaussianFrom, uniform } from '@secagg/testbed/random';

/**
 * Success at an easy task, seconds until the first token and per token, USD per million tokens in and out, share of the
 * traffic.
 */
const models = [
  { name: 'opus-large', skill: 0.95, first: 0.9, perToken: 0.021, priceIn: 15, priceOut: 75, share: 0.1 },
  { name: 'atlas-pro', skill: 0.93, first: 0.7, perToken: 0.016, priceIn: 5, priceOut: 20, share: 0.17 },
  { name: 'sonnet-mid', skill: 0.91, first: 0.6, perToken: 0.012, priceIn: 3, priceOut: 15, share: 0.2 },
  { name: 'atlas-mini', skill: 0.85, first: 0.4, perToken: 0.007, priceIn: 0.6, priceOut: 2.4, share: 0.16 },
  { name: 'haiku-small', skill: 0.83, first: 0.35, perToken: 0.006, priceIn: 0.8, priceOut: 4, share: 0.13 },
  { name: 'open-70b', skill: 0.82, first: 0.5, perToken: 0.015, priceIn: 0.9, priceOut: 0.9, share: 0.1 },
  { name: 'open-moe', skill: 0.78, first: 0.3, perToken: 0.008, priceIn: 0.6, priceOut: 0.6, share: 0.08 },
  { name: 'open-8b', skill: 0.68, first: 0.2, perToken: 0.004, priceIn: 0.1, priceOut: 0.1, share: 0.06 },
] as const;

/** How much harder than an easy task, and tokens in and out of a typical request. */
const tasks = [
  { name: 'general', hardness: 0.02, tokensIn: 600, tokensOut: 220, share: 0.26 },
  { name: 'writing', hardness: 0.05, tokensIn: 3500, tokensOut: 260, share: 0.18 },
  { name: 'factual_lookup', hardness: 0.08, tokensIn: 1800, tokensOut: 120, share: 0.14 },
  { name: 'code_generation', hardness: 0.22, tokensIn: 1400, tokensOut: 520, share: 0.16 },
  { name: 'code_understanding', hardness: 0.14, tokensIn: 2600, tokensOut: 300, share: 0.1 },
  { name: 'analytical_reasoning', hardness: 0.35, tokensIn: 300, tokensOut: 700, share: 0.08 },
  { name: 'technical_design', hardness: 0.28, tokensIn: 900, tokensOut: 800, share: 0.08 },
] as const;

/** Routers give up on a request after this time. */
const TIMEOUT_S = 30;

function pick<T extends { share: number }>(choices: readonly T[], uniform: number): T {
  let left = uniform;
  for (const choice of choices) {
    left -= choice.share;
    if (left < 0) return choice;
  }
  return choices[choices.length - 1];
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

export function generateTraffic(rows: number, seed = 1): RewardObservation[] {
  const next = uniform(seed);
  const normal = gaussianFrom(next);
  /** Log-normal around `typical`: token counts and waiting times have long tails. */
  const spread = (typical: number, sigma: number) => typical * Math.exp(sigma * normal());
  return Array.from({ length: rows }, () => {
    const model = pick(models, next());
    const task = pick(tasks, next());
    const tokensIn = Math.max(1, Math.round(spread(task.tokensIn, 0.5)));
    const tokensOut = Math.max(1, Math.round(spread(task.tokensOut, 0.6)));
    return {
      model: model.name,
      task: task.name,
      success: next() < model.skill - task.hardness * (1.6 - model.skill),
      latency_s: rounded(Math.min(TIMEOUT_S, spread(model.first, 0.4) + model.perToken * tokensOut), 3),
      cost_usd: rounded((tokensIn * model.priceIn + tokensOut * model.priceOut) / 1e6, 7),
      tokens: tokensIn + tokensOut,
    };
  });
}
