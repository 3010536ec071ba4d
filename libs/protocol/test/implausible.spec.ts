/**
 * A round that no honest fleet can have produced is published as just that, whatever its combination: no figures, and
 * why.
 */
import { type RoundConfig } from '@secagg/schema';
import {
  type AuditedRound,
  LocalFleet,
  type LocalRouter,
  pastRounds,
  publishedResult,
  publishedResultBytes,
} from '../src';
import { drawGroups, inGroups, now, quietFleet, random, Scenario } from './support/scenario';

const REQUESTS = 1000;
const fieldAt = (config: RoundConfig, name: string) => config.layout.fields.findIndex((field) => field.name === name);

/** `requests` successful ones of the first key, each with a latency in the middle of its range. */
function honest({ config, dimension }: Scenario, requests: number): Float64Array {
  const vector = new Float64Array(dimension);
  for (const name of ['samples', 'successes']) {
    const field = config.layout.fields[fieldAt(config, name)];
    vector[fieldAt(config, name)] = requests * (field.bound_units - field.centre_units);
  }
  return vector;
}

function send(scenario: Scenario, router: LocalRouter, vector: Float64Array): void {
  const { coordinator } = scenario.fleet;
  router.send(coordinator, scenario.key, router.contribution(coordinator, scenario.key, vector, now));
}

describe('a plain sum', () => {
  const fleet = quietFleet(4, 2, 5);
  const terms = { maxRequestsPerRouter: REQUESTS };

  it('of what honest routers can send is a result like any other', () => {
    const scenario = new Scenario(fleet, terms);
    for (const router of fleet.routers) send(scenario, router, honest(scenario, REQUESTS));
    const result = publishedResult(scenario.finish().audit());
    expect(result).not.toHaveProperty('implausible');
    expect(result.signal.reward_signals['m:a'].total_samples).toBe(5 * REQUESTS);
  });

  it('of 14,206 requests from 5 routers that may send 1,000 each is published as implausible, without a figure', () => {
    const scenario = new Scenario(fleet, terms);
    const [liar, ...others] = fleet.routers;
    send(scenario, liar, honest(scenario, 13_806));
    for (const router of others) send(scenario, router, honest(scenario, 100));
    const audited = scenario.finish().audit();
    expect(scenario.round.phase).toBe('published');
    const result = publishedResult(audited);
    expect(result.implausible).toEqual([
      {
        group: 0,
        routers: fleet.routers.map(({ identity }) => identity.id),
        reason: 'out_of_range',
        key: 'm:a',
        field: 'samples',
      },
    ]);
    expect(result.signal.reward_signals).toEqual({});
    expect(result.details).toEqual({});
    expect(result.withheld).toEqual(['m:a', 'm:b'].map((key) => ({ key, reason: 'implausible' })));
    expect(result.participants).toHaveLength(5);
    expect(JSON.parse(new TextDecoder().decode(publishedResultBytes(result)))).toEqual(result);
  });

  it('is implausible when a single group is, and names it', () => {
    const wide = quietFleet(4, 2, 12);
    const scenario = drawGroups(
      () => new Scenario(wide, { ...terms, groups: 2 }),
      (groups) => groups.every((group) => group.length >= 2),
    );
    const [first, second] = inGroups(scenario, wide.routers);
    const vector = honest(scenario, 10);
    vector[fieldAt(scenario.config, 'successes')] *= 2;
    for (const router of second) send(scenario, router, vector.slice());
    for (const router of first) send(scenario, router, honest(scenario, 10));
    expect(publishedResult(scenario.finish().audit()).implausible).toEqual([
      expect.objectContaining({ group: 1, reason: 'inconsistent', key: 'm:a', field: 'successes' }),
    ]);
  });
});

/** As an auditor finds it: every one of 65 groups has sums as large as 48-bit words can be. */
function allLie(combination: RoundConfig['combination'], groups: number): Extract<AuditedRound, { kind: 'opened' }> {
  const fleet = new LocalFleet({ routers: 1, committee: { size: 1, threshold: 1 }, random, nowMs: now });
  fleet.startEpoch(now);
  const scenario = new Scenario(fleet, {
    groups: 3,
    combination: 'median',
    maxParticipants: 256,
    maxRequestsPerRouter: 2 ** 21,
    privacy: { unit: 'request', rho: 0.5, deltaInverse: 1_000_000 },
  });
  const { verified: round } = scenario.round;
  expect(round.config.layout.word_bits).toBe(48);
  const most = new Float64Array(round.dimension).fill(2 ** 47 - 1);
  return {
    kind: 'opened',
    view: fleet.view,
    round: { ...round, config: { ...round.config, combination, groups } },
    decision: undefined as never,
    set: {
      groups: Array.from({ length: groups }, (_, group) => ({ group, members: [] })),
      excluded: [],
    },
    sums: Array.from({ length: groups }, (_, group) => ({ group, size: 2, values: most })),
    cost: { unit: 'request', units: 1, rho: 1, epsilon: 1, delta: 1e-6 },
    hashOf: () => new Uint8Array(32),
  };
}

it.each(['sum', 'median', 'trimmed-mean'] as const)(
  'a %s of 65 liars in 65 groups of 48-bit words settles as implausible: their total is no exact number',
  (combination) => {
    const result = publishedResult(allLie(combination, 65));
    expect(result.implausible).toHaveLength(65);
    expect(result.signal.reward_signals).toEqual({});
    expect(result.withheld.length).toBeGreaterThan(0);
  },
);

it('a robust combination with a majority left is no implausible round: what it discarded stands in its report', () => {
  const audited = allLie('median', 5);
  const empty = new Float64Array(audited.round.dimension);
  const sums = audited.sums.map((sum) => (sum.group < 2 ? sum : { ...sum, values: empty }));
  const result = publishedResult({ ...audited, sums });
  expect(result).not.toHaveProperty('implausible');
  expect(result.robust?.discarded_groups).toHaveLength(2);
});

it('what a robust round left out does not make it one in which everything is withheld', () => {
  const fleet = quietFleet(4, 2, 12);
  const scenario = drawGroups(
    () => new Scenario(fleet, { maxRequestsPerRouter: REQUESTS, groups: 3, combination: 'median' }),
    (groups) => groups.every((group) => group.length >= 2),
  );
  const [[liar]] = inGroups(scenario, fleet.routers);
  const lie = honest(scenario, 20 * REQUESTS).map((value) => -value);
  send(scenario, liar, lie);
  for (const router of fleet.routers) if (router !== liar) send(scenario, router, honest(scenario, 100));
  const result = publishedResult(scenario.finish().audit());
  expect(result.robust?.discarded_groups).toHaveLength(1);
  expect(result.signal.reward_signals['m:a'].total_samples).toBeGreaterThan(0);
  const { state } = fleet.coordinator;
  expect(pastRounds(state, fleet.cluster)).toMatchObject({ ended: scenario.config.round, fruitless: 0 });
});
