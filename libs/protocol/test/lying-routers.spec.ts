/**
 * Lying routers (docs/protocol.md, "The signal"): 55 routers, 11 groups, 5 liars. Groups change every round; where the
 * liars happen to sit in half of the opened groups or more, nothing is promised, and such rounds are counted and left
 * out of the comparison with the truth.
 */
import { epsilonToRho } from '@secagg/dp-noise';
import { type Combination, defaultFields, type RandomBytes, type RoundConfig } from '@secagg/schema';
import { uniform } from '@secagg/testbed/random';
import {
  aggregateResult,
  type AuditedRound,
  auditTranscript,
  combineGroups,
  evolveSuspicion,
  examineGroups,
  groupScores,
  LocalFleet,
  noSuspicion,
  publishedResult,
  publishedResultBytes,
  runCommittee,
  suspects,
  suspicionEvent,
  type SuspicionState,
} from '../src';
import { LyingFleet, pooled, routerName, type SimulatedRound } from './support/lying-fleet';
import { lies, type Lie, type Signals, Traffic, vectorOf } from './support/routing-traffic';

const now = Date.UTC(2026, 0, 1);
const routers = 55;
const keys = 12;
const measures = ['total_samples', 'success_rate', 'avg_latency'] as const;

/** The same for every run, so that groups and noise are. */
const unsafeRandom = (seed: number): RandomBytes => {
  const random = uniform(seed);
  return (length) => Uint8Array.from({ length }, () => Math.floor(256 * random()));
};

const trafficOf = (requests: number, seed: number) => new Traffic({ keys, routers, requests }, seed);

const planOf = (epsilon: number, requests: number, combination?: Combination) => ({
  keys: trafficOf(requests, 1).keys,
  fields: defaultFields(),
  maxRequestsPerRouter: 3 * requests,
  minParticipantsPerGroup: 3,
  maxParticipants: 64,
  groups: 11,
  ...(combination ? { combination } : {}),
  privacy: { unit: 'request' as const, rho: epsilonToRho(epsilon, 1e-6), deltaInverse: 1_000_000 },
  sendDelayMs: 0,
  durationMs: 1000,
});

function newFleet(size: number, seed: number): LocalFleet {
  const fleet = new LocalFleet({
    routers: size,
    committee: { size: 4, threshold: 2 },
    random: unsafeRandom(seed),
    nowMs: now,
  });
  fleet.startEpoch(now);
  return fleet;
}

const configOf = (epsilon: number, requests: number, combination: Combination, seed: number): RoundConfig =>
  newFleet(4, seed).announce(planOf(epsilon, requests, combination), now).config;

const liarsAt = (of: readonly Lie[]): ReadonlyMap<number, Lie> => new Map(of.map((lie, i) => [3 + 11 * i, lie]));
const withinTolerance = ({ spoiled, sums }: SimulatedRound): boolean => 2 * spoiled.size < sums.length;

interface Errors {
  /** In standard errors, of all keys and measures. */
  readonly standardised: readonly number[];
  readonly withheld: number;
}

/**
 * Against the honest routers: their rates and latencies, and their requests per participant times the participants
 * combined.
 */
function errorsOf(round: SimulatedRound, honest: number): Errors {
  const examined = examineGroups(round.config, round.sums);
  const { combination } = round.config;
  if (combination === 'sum') throw new Error('nothing to combine');
  const { keys: combined, withheld } = combineGroups(round.config, examined, combination);
  const participants = examined.plausible.reduce((sum, { size }) => sum + size, 0);
  const standardised = [...combined].flatMap(([key, { details }]) =>
    measures.map((measure) => {
      const truth = round.truth[key][measure] * (measure === 'total_samples' ? participants / honest : 1);
      return (details.unclamped[measure] - truth) / details.standard_errors[measure];
    }),
  );
  return { standardised, withheld: withheld.length };
}

const eventOf = (round: SimulatedRound) => {
  const flagged = new Map(examineGroups(round.config, round.sums).scores.map((score) => [score.group, score.flagged]));
  return {
    type: 'groups-scored' as const,
    round: round.config.round,
    groups: round.groups.map(({ group, routers: of }) => ({ flagged: flagged.get(group) === true, routers: of })),
  };
};

const share = (values: readonly number[], test: (value: number) => boolean): number =>
  values.filter(test).length / values.length;

const attacks: Record<string, { epsilon: number; requests: number; of: readonly Lie[] }> = {
  'each in its own way': {
    epsilon: 1,
    requests: 2000,
    of: [lies.boasts, lies.smears, lies.inverts, lies.exceeds, lies.garbage],
  },
  'all in one direction, in range': {
    epsilon: 1,
    requests: 4000,
    of: [lies.smears, lies.smears, lies.smears, lies.smears, lies.smears],
  },
  'out of range and with garbage': {
    epsilon: 4,
    requests: 2000,
    of: [lies.exceeds, lies.contradicts, lies.garbage, lies.exceeds, lies.garbage],
  },
  'with invented rates, in range': {
    epsilon: 4,
    requests: 2000,
    of: [lies.invents, lies.invents, lies.invents, lies.boasts, lies.smears],
  },
};

describe.each(Object.entries(attacks))('30 rounds with 5 liars, %s', (_name, { epsilon, requests, of }) => {
  const liars = liarsAt(of);
  const fleet = new LyingFleet({
    config: configOf(epsilon, requests, 'median', 7),
    traffic: trafficOf(requests, 1),
    routers,
    liars,
    seed: 11,
  });
  const rounds = Array.from({ length: 30 }, (_, i) => fleet.round(i + 1));

  it('keeps 99% of the results within 3 reported standard errors of the truth of the honest', () => {
    const tolerable = rounds.filter(withinTolerance);
    expect(tolerable.length).toBeGreaterThan(20);
    const errors = tolerable.map((round) => errorsOf(round, routers - liars.size));
    const standardised = errors.flatMap((entry) => entry.standardised);
    // Most results are there, not withheld.
    expect(standardised.length).toBeGreaterThan(0.95 * tolerable.length * keys * measures.length);
    expect(share(standardised, (error) => Math.abs(error) > 3)).toBeLessThanOrEqual(0.01);
  });

  it('names exactly the liars', () => {
    const state = rounds.map(eventOf).reduce(evolveSuspicion, noSuspicion());
    expect(
      suspects(state)
        .map(({ router }) => router)
        .sort(),
    ).toEqual([...liars.keys()].map(routerName).sort());
  });
});

describe('without liars', () => {
  const fleet = new LyingFleet({
    config: configOf(1, 2000, 'trimmed-mean', 7),
    traffic: trafficOf(2000, 1),
    routers,
    liars: new Map(),
    seed: 12,
  });
  const rounds = Array.from({ length: 30 }, (_, i) => fleet.round(i + 1));

  it('flags at most 3% of the groups, and names nobody', () => {
    const flags = rounds.flatMap((round) =>
      examineGroups(round.config, round.sums).scores.map(({ flagged }) => Number(flagged)),
    );
    expect(share(flags, (flag) => flag === 1)).toBeLessThanOrEqual(0.03);
    expect(suspects(rounds.map(eventOf).reduce(evolveSuspicion, noSuspicion()))).toEqual([]);
  });

  it('reports standard errors that are not much too large either', () => {
    const errors = rounds.flatMap((round) => errorsOf(round, routers).standardised);
    expect(share(errors, (error) => Math.abs(error) > 3)).toBeLessThanOrEqual(0.01);
    expect(Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length)).toBeGreaterThan(0.4);
  });
});

it('a trimmed mean withstands the two spoiled groups at one end that it cuts off, and withholds its result beyond', () => {
  const config = configOf(1, 2000, 'trimmed-mean', 7);
  const run = (of: readonly Lie[]) => {
    const liars = liarsAt(of);
    const fleet = new LyingFleet({ config, traffic: trafficOf(2000, 1), routers, liars, seed: 13 });
    return Array.from({ length: 15 }, (_, i) => fleet.round(i + 1))
      .filter(({ spoiled }) => spoiled.size === of.length)
      .map((round) => errorsOf(round, routers - of.length));
  };
  const two = run([lies.smears, lies.smears]);
  expect(two.length).toBeGreaterThan(3);
  expect(
    share(
      two.flatMap(({ standardised }) => standardised),
      (error) => Math.abs(error) > 3,
    ),
  ).toBeLessThanOrEqual(0.01);
  const four = run([lies.smears, lies.smears, lies.smears, lies.smears]);
  expect(four.length).toBeGreaterThan(3);
  expect(four.every(({ standardised, withheld }) => standardised.length === 0 && withheld === keys)).toBe(true);
});

describe('a round through the real protocol, with noise', () => {
  const liars = liarsAt(attacks['each in its own way'].of);
  const liarNames = [...liars.keys()].map(routerName);
  type Opened = Extract<AuditedRound, { kind: 'opened' }>;
  let audited: Opened;
  let truth: Signals;

  beforeAll(() => {
    const fleet = newFleet(routers, 21);
    const { key, config } = fleet.announce(planOf(1, 2000, 'median'), now);
    const traffic = trafficOf(2000, 1);
    const random = uniform(3);
    const honest: Signals[] = [];
    fleet.routers.forEach((router, i) => {
      const signals = traffic.signals(i);
      const lie = liars.get(i);
      if (!lie) honest.push(signals);
      const vector = lie ? lie(config.layout, signals, random) : vectorOf(config.layout, signals);
      router.send(fleet.coordinator, key, router.contribution(fleet.coordinator, key, vector, now));
    });
    runCommittee(fleet.coordinator, fleet.members, now + 1000);
    const result = auditTranscript(fleet.authority.publicKey, fleet.coordinator.transcript(key));
    if (result.kind !== 'opened') throw new Error('not opened');
    audited = result;
    truth = pooled(honest);
  });

  const errors = ({ details }: ReturnType<typeof aggregateResult>): number[] =>
    Object.entries(details).flatMap(([key, { unclamped, standard_errors }]) =>
      (['success_rate', 'avg_latency'] as const).map(
        (measure) => Math.abs(unclamped[measure] - truth[key][measure]) / standard_errors[measure],
      ),
    );

  it('stays within 3 standard errors of the honest for every key', () => {
    const result = aggregateResult(audited);
    expect(Object.keys(result.details)).toHaveLength(keys);
    expect(Math.max(...errors(result))).toBeLessThan(3);
    expect(result.signal.participant_count).toBe(result.participants.length);
    expect(result.signal.privacy_budget_used).toBe(audited.cost.epsilon);
  });

  it('would be worthless as a sum: the negative control', () => {
    const { round } = audited;
    const sum = aggregateResult({ ...audited, round: { ...round, config: { ...round.config, combination: 'sum' } } });
    expect(sum.robust).toBeUndefined();
    const worthless = keys - Object.keys(sum.details).length + errors(sum).filter((error) => error > 30).length;
    expect(worthless).toBeGreaterThan(keys / 2);
  });

  it('publishes which groups were discarded and how all of them look, in the same bytes for everyone', () => {
    const result = publishedResult(audited);
    const { robust } = result;
    if (!robust) throw new Error('no report');
    const discarded = robust.discarded_groups.flatMap(({ routers: of }) => of);
    // Whoever sends what nobody can have seen takes its group with it; what is in range stays to be outvoted.
    expect(discarded).toEqual(expect.arrayContaining([3 + 33, 3 + 44].map(routerName)));
    expect(result.participants.some((router) => discarded.includes(router))).toBe(false);
    expect(robust.combined_groups).toHaveLength(robust.scores.length - robust.discarded_groups.length);
    const spoiled = audited.set.groups
      .filter(({ members }) => members.some(({ header }) => liarNames.includes(header.router)))
      .map(({ group }) => group);
    expect(robust.scores.filter(({ flagged }) => flagged).map(({ group }) => group)).toEqual(spoiled);
    const read = JSON.parse(new TextDecoder().decode(publishedResultBytes(result))) as unknown;
    expect(read).toEqual(result);
    expect(publishedResultBytes(publishedResult(audited))).toEqual(publishedResultBytes(result));
  });

  it('adds to the record of its routers', () => {
    const event = suspicionEvent(audited);
    expect(event.groups.flatMap(({ routers: of }) => of)).toHaveLength(
      audited.set.groups.reduce((sum, { members }) => sum + members.length, 0),
    );
    const state: SuspicionState = evolveSuspicion(noSuspicion(), event);
    expect(liarNames.filter((name) => state.routers[name]).every((name) => state.routers[name].flagged === 1)).toBe(
      true,
    );
    expect(groupScores(audited).filter(({ flagged }) => flagged)).toHaveLength(
      event.groups.filter(({ flagged }) => flagged).length,
    );
  });
});

describe('announcements', () => {
  it.each([1, 2])('a median of %d groups is refused: it would withstand nobody', (groups) => {
    const fleet = newFleet(4, 5);
    expect(() => fleet.announce({ ...planOf(1, 2000, 'median'), groups }, now)).toThrow(
      expect.objectContaining({ code: 'policy' }),
    );
    expect(() => fleet.announce({ ...planOf(1, 2000, 'sum'), groups }, now)).not.toThrow();
  });

  it('say `sum` where the plan says nothing', () => {
    expect(newFleet(4, 5).announce(planOf(1, 2000), now).config.combination).toBe('sum');
  });
});
