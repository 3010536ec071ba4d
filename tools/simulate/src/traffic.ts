/** What the simulated routers have seen. */
import { accumulate, type RewardObservation, type RoundConfig, splitSignalKey } from '@secagg/schema';

/** One router's vector: `requests` requests to random keys of the catalogue. */
export function trafficVector(layout: RoundConfig['layout'], requests: number, next: () => number): Float64Array {
  const observations = Array.from({ length: requests }, (): RewardObservation => {
    const { model, task } = splitSignalKey(layout.keys[Math.floor(next() * layout.keys.length)]);
    const tokens = 1 + Math.floor(2000 * next());
    return {
      model,
      task,
      success: next() < 0.9,
      latency_s: 20 * next() ** 2,
      ...(next() < 0.5 ? { quality: next() } : {}),
      ...(next() < 0.8 ? { cost_usd: tokens * 1e-5 * next(), tokens } : {}),
    };
  });
  return accumulate(layout, observations).vector;
}

/** `count` of the numbers below `total`, chosen at random. */
export function sample(count: number, total: number, next: () => number): Set<number> {
  const all = Array.from({ length: total }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(next() * (total - i));
    [all[i], all[j]] = [all[j], all[i]];
  }
  return new Set(all.slice(0, count));
}
