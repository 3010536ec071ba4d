/**
 * The simulation oracle (docs/priors.md, "Tested"): truths are drawn from the priors' own prior, requests from the
 * truth, noise as a round adds it. Then a posterior interval must hold the truth as often as it says (S. Talts et al.,
 * 2018), whatever the counts and the noise.
 */
import { uniform } from '@secagg/testbed/random';
import { addStatistics, betaCdf, gammaCdf, type OwnBucket, type Prior, priorOf, priorOptionsSchema } from '../src';
import { FALSE_ALARM_DEVIATIONS, isPlausible, KEY, NOW_MS, type Truth, World } from './world';

const options = priorOptionsSchema.parse({ max_mass: 1e9 });
const TRIALS = 500;

interface Setting {
  readonly name: string;
  /** Requests of other routers in each round. */
  readonly others: readonly number[];
  readonly own: number;
  /** Of the own ones, in the first round. */
  readonly ownSent: number;
  /** Standard deviation of the noise on a count. */
  readonly noise: number;
}

const settings: Setting[] = [
  { name: 'nothing but own requests, few', others: [], own: 5, ownSent: 0, noise: 0 },
  { name: 'nothing but own requests, many', others: [], own: 400, ownSent: 0, noise: 0 },
  { name: 'few requests, no noise', others: [8], own: 0, ownSent: 0, noise: 0 },
  { name: 'many requests, no noise', others: [1000], own: 0, ownSent: 0, noise: 0 },
  { name: 'many requests, noise', others: [1000], own: 0, ownSent: 0, noise: 15 },
  { name: 'as many requests as the threshold', others: [75], own: 0, ownSent: 0, noise: 15 },
  { name: 'a withheld cell', others: [20], own: 0, ownSent: 0, noise: 15 },
  { name: 'no requests at all', others: [0], own: 0, ownSent: 0, noise: 15 },
  { name: 'many withheld cells', others: [30, 30, 30, 30, 30, 30, 30, 30], own: 0, ownSent: 0, noise: 15 },
  { name: 'little noise, few requests', others: [30], own: 0, ownSent: 0, noise: 1 },
  { name: 'own requests that were sent', others: [200], own: 60, ownSent: 60, noise: 15 },
  { name: 'own requests, some of them sent', others: [40, 40], own: 100, ownSent: 50, noise: 10 },
];

function draw(
  world: World,
  { others, own, ownSent, noise }: Setting,
  { isOwnTold = true, declaredNoise = noise } = {},
): { truth: Truth; prior: Prior } {
  const truth: Truth = {
    success: world.random(),
    latency: world.logUniform(60e-4, 60),
    quality: world.random(),
    cost: world.logUniform(1e-8, 1e-4),
  };
  const sent = world.requests(ownSent, truth);
  const kept = world.requests(own - ownSent, truth);
  const rounds = others.map((count, i) => {
    const theirs = world.requests(count, truth);
    return i === 0 && ownSent > 0
      ? world.round(addStatistics(theirs, sent), noise, isOwnTold ? { own: sent, declaredNoise } : { declaredNoise })
      : world.round(theirs, noise, { round: i + 1, declaredNoise });
  });
  const buckets: OwnBucket[] = own > 0 ? [{ timeMs: NOW_MS, statistics: addStatistics(sent, kept) }] : [];
  return { truth, prior: priorOf(KEY, { rounds, own: buckets, nowMs: NOW_MS, isListed: true }, options) };
}

/** Where in its posterior the truth lies, in [0, 1]. */
const placeOf = {
  success: ({ success: { alpha, beta } }: Prior, { success }: Truth) => betaCdf(success, alpha, beta),
  quality: ({ quality }: Prior, truth: Truth) => (quality ? betaCdf(truth.quality, quality.alpha, quality.beta) : -1),
  latency: ({ latency_s }: Prior, { latency }: Truth) => inGamma(latency_s, latency),
  cost: ({ cost_usd_per_token }: Prior, { cost }: Truth) => inGamma(cost_usd_per_token, cost),
};

const inGamma = (gamma: Prior['latency_s'], truth: number): number =>
  gamma ? gammaCdf(truth, gamma.shape, gamma.rate) : -1;

const holds = (place: number, share: number): boolean => Math.abs(place - 0.5) <= share / 2;

/**
 * Measures whose posterior has the form that is given out; the others are Gamma only nearly, and may be too wide where
 * there is little.
 */
const EXACT_FORM: ReadonlySet<string> = new Set(['success', 'quality']);
const TOO_WIDE = 0.12;

describe.each(settings)('$name', (setting) => {
  const world = new World(uniform(settings.indexOf(setting) + 1));
  const draws = Array.from({ length: TRIALS }, () => draw(world, setting));
  const measures = Object.keys(placeOf) as (keyof typeof placeOf)[];
  it.each(measures.flatMap((measure) => [0.5, 0.9].map((share) => ({ measure, share }))))(
    'the middle $share of the posterior of $measure holds the truth that often',
    ({ measure, share }) => {
      const hits = draws.filter(({ prior, truth }) => holds(placeOf[measure](prior, truth), share)).length;
      const slack = EXACT_FORM.has(measure) ? 0 : TOO_WIDE;
      expect({ hits, isPlausible: isPlausible(hits, TRIALS, share, slack) }).toEqual({ hits, isPlausible: true });
    },
  );

  it('the mean error in standard deviations is none: no measure is pulled to one side', () => {
    const places = draws.map(({ prior, truth }) => placeOf.success(prior, truth));
    const mean = places.reduce((sum, place) => sum + place, 0) / TRIALS;
    // Places are uniform where the posterior is right: standard deviation 1 / sqrt(12).
    expect(Math.abs(mean - 0.5)).toBeLessThan((FALSE_ALARM_DEVIATIONS * Math.sqrt(1 / 12)) / Math.sqrt(TRIALS));
  });
});

describe('the oracle tells what is wrong', () => {
  const share = 0.9;
  const trials = (change: (world: World, setting: Setting) => { truth: Truth; prior: Prior }, setting: Setting) => {
    const world = new World(uniform(99));
    const hits = Array.from({ length: TRIALS }, () => change(world, setting)).filter(({ prior, truth }) =>
      holds(placeOf.success(prior, truth), share),
    ).length;
    return isPlausible(hits, TRIALS, share);
  };

  it('own requests counted twice', () => {
    const setting: Setting = { name: '', others: [20], own: 60, ownSent: 60, noise: 1 };
    expect(trials(draw, setting)).toBe(true);
    expect(trials((world, of) => draw(world, of, { isOwnTold: false }), setting)).toBe(false);
  });

  it('noise that is not counted in', () => {
    const setting: Setting = { name: '', others: [200], own: 0, ownSent: 0, noise: 15 };
    expect(trials(draw, setting)).toBe(true);
    expect(trials((world, of) => draw(world, of, { declaredNoise: 1 }), setting)).toBe(false);
  });

  it('a withheld count taken for none: its requests are missing, not failed', () => {
    const setting: Setting = { name: '', others: [20], own: 0, ownSent: 0, noise: 15 };
    const world = new World(uniform(7));
    const { prior } = draw(world, setting);
    expect(prior.state).toBe('withheld');
    expect(prior.requests_per_round?.mean).toBeGreaterThan(5);
  });
});
