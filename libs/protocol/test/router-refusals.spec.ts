/** What a router refuses to take part in, whoever signed the announcement. */
import {
  type FieldSpec,
  type FleetPolicy,
  openRoundMessage,
  requestNorm,
  type RoundConfig,
  roundConfigMessage,
  wordBitsFor,
} from '@secagg/schema';
import { evolveRouter, LocalFleet, type LocalFleetOptions, signDocument, worstCaseUnits } from '../src';
import { distribute, nextDocuments } from './support/rosters';
import { codeOf, now, plan, random, Scenario } from './support/scenario';
import { flip } from './support/tamper';

const noise = {
  privacy: { unit: 'request', rho: 0.5, assumedColluders: 1, deltaInverse: 1_000_000 },
  minParticipantsPerGroup: 3,
} as const;

interface Setting {
  readonly fleet: LocalFleet;
  readonly scenario: Scenario;
}

/** A fleet whose policy and routers allow just what its rounds need. */
function start(options: Partial<LocalFleetOptions> = {}, terms: Partial<typeof plan> = noise): Setting {
  const fleet = new LocalFleet({
    routers: 4,
    committee: { size: 4, threshold: 2 },
    random,
    nowMs: now,
    ...options,
    cluster: {
      privacy_units: ['request'],
      min_participants_per_group: 3,
      min_assumed_colluders: 1,
      max_groups: 2,
      max_round_rho_units: 2 ** 39,
      ...options.cluster,
    },
    limits: { maxRoundRhoUnits: 2 ** 39, minHonestPerGroup: 2, ...options.limits },
  });
  return { fleet, scenario: new Scenario(fleet, terms) };
}

/**
 * The code the first router refuses this round with, after a malicious coordinator changed and signed its announcement.
 */
function refusal(
  { fleet, scenario }: Setting,
  change: (config: RoundConfig) => Partial<RoundConfig>,
  atMs = now,
): string | undefined {
  const config = { ...scenario.config, ...change(scenario.config) };
  const announcement = signDocument(roundConfigMessage, 'local', config, fleet.coordinator.context.identity.secretKey);
  const open = openRoundMessage.encode({ announcement, epoch_certificate: scenario.round.verified.epoch.certificate });
  return codeOf(() => fleet.routers[0].check(open, atMs));
}
const privacy = (changes: Partial<RoundConfig['privacy']>) => (config: RoundConfig) => ({
  privacy: { ...config.privacy, ...changes },
});
const layout = (changes: Partial<RoundConfig['layout']>) => (config: RoundConfig) => ({
  layout: { ...config.layout, ...changes },
});

const setting = start();

it('takes part in the round as it was planned', () => expect(refusal(setting, () => ({}))).toBeUndefined());

it.each<[string, string, (config: RoundConfig) => Partial<RoundConfig>]>([
  ['without noise', 'policy', privacy({ noise_variance_numerator: 0 })],
  [
    'with less noise than the floor',
    'policy',
    (config) =>
      privacy({ noise_variance_numerator: Math.floor(config.privacy.noise_variance_numerator * 0.99) })(config),
  ],
  [
    'with noise too narrow for its grid',
    'policy',
    privacy({ noise_variance_numerator: 1, noise_variance_denominator: 2 }),
  ],
  [
    'with noise no sampler makes',
    'policy',
    privacy({ noise_variance_numerator: 1, noise_variance_denominator: 65536 }),
  ],
  [
    'whose noise is priced for smaller requests',
    'policy',
    (config) => privacy({ clip_norm: requestNorm(config.layout) - 1 })(config),
  ],
  [
    'whose requests are larger than the bound',
    'policy',
    layout({
      max_requests_per_router: 10,
      fields: plan.fields.map((field) =>
        field.centre_units === 0 ? { ...field, scale: field.scale * 4, bound_units: field.bound_units * 4 } : field,
      ),
    }),
  ],
  ['of another privacy unit', 'policy', privacy({ unit: 'router' })],
  ['with fewer assumed colluders', 'policy', privacy({ assumed_colluders: 0 })],
  ['with nobody assumed honest', 'policy', privacy({ assumed_colluders: 3 })],
  ['with a lowered minimum', 'policy', () => ({ min_participants_per_group: 2 })],
  ['with more groups than allowed', 'policy', () => ({ groups: 3 })],
  [
    'with groups that cannot all reach their minimum',
    'policy',
    (config) => ({ groups: 2, max_participants: 5, layout: { ...config.layout, max_participants: 5 } }),
  ],
  ['for more participants than its words are for', 'policy', () => ({ max_participants: 65 })],
  [
    'with words too short for its noise',
    'policy',
    (config) =>
      layout({
        max_requests_per_router: 1,
        word_bits: wordBitsFor({ ...config.layout, max_requests_per_router: 1, noiseStdDevUnits: 0 }),
      })(config),
  ],
  ['with a delta that says nothing', 'policy', privacy({ delta_inverse: 2 })],
  ['with a median of two groups', 'policy', () => ({ groups: 2, combination: 'median' })],
  [
    'with a number that leaves none for later rounds',
    'policy',
    () => ({ round: Number.MAX_SAFE_INTEGER as RoundConfig['round'] }),
  ],
  ['that outlasts its epoch', 'policy', ({ deadline_ms }) => ({ deadline_ms: deadline_ms + 8 * 86_400_000 })],
  ['that ends before it begins', 'policy', (config) => ({ deadline_ms: config.round_time_ms })],
  ['in which nobody could send in time', 'policy', (config) => ({ send_from_ms: config.deadline_ms })],
  ['in which sending begins before the round', 'policy', (config) => ({ send_from_ms: config.round_time_ms - 1 })],
  ['under a policy not known here', 'policy', (config) => ({ policy_version: config.policy_version + 1 })],
  ['under a roster not known here', 'policy', (config) => ({ roster_version: config.roster_version + 1 })],
  ['of a cluster the policy does not have', 'policy', () => ({ cluster: 'cd'.repeat(32) as RoundConfig['cluster'] })],
  ['of another fleet', 'policy', () => ({ fleet: 'elsewhere' })],
  ['of another epoch than its certificate', 'wrong_epoch', () => ({ epoch_hash: new Uint8Array(32) })],
  [
    'of another epoch number than its certificate',
    'wrong_epoch',
    (config) => ({ epoch: (config.epoch + 1) as RoundConfig['epoch'] }),
  ],
  [
    'after the end of its epoch',
    'wrong_epoch',
    ({ round_time_ms, send_from_ms, deadline_ms }) => ({
      round_time_ms: round_time_ms + 8 * 86_400_000,
      send_from_ms: send_from_ms + 8 * 86_400_000,
      deadline_ms: deadline_ms + 8 * 86_400_000,
    }),
  ],
  ['of a coordinator that is none', 'wrong_role', () => ({ coordinator: setting.fleet.routers[1].identity.id })],
  ['of a coordinator nobody knows', 'unknown_party', () => ({ coordinator: 'stranger' as RoundConfig['coordinator'] })],
])('refuses a round %s', (_name, code, change) => expect(refusal(setting, change)).toBe(code));

it('refuses an announcement that the coordinator did not sign, and one altered after that', () => {
  const { fleet, scenario } = setting;
  const epoch_certificate = scenario.round.verified.epoch.certificate;
  const { announcement } = scenario.round.verified;
  const check = (signed: typeof announcement, certificate = epoch_certificate) =>
    codeOf(() =>
      fleet.routers[0].check(openRoundMessage.encode({ announcement: signed, epoch_certificate: certificate }), now),
    );
  expect(check(signDocument(roundConfigMessage, 'local', scenario.config, fleet.routers[1].identity.secretKey))).toBe(
    'bad_signature',
  );
  expect(
    check(signDocument(roundConfigMessage, 'elsewhere', scenario.config, fleet.coordinator.context.identity.secretKey)),
  ).toBe('bad_signature');
  expect(check({ ...announcement, signature: flip(announcement.signature) })).toBe('bad_signature');
  expect(check(announcement, { ...epoch_certificate, signatures: epoch_certificate.signatures.slice(1) })).toBe(
    'bad_signature',
  );
  expect(
    check(announcement, {
      ...epoch_certificate,
      signatures: [epoch_certificate.signatures[1], ...epoch_certificate.signatures.slice(1)],
    }),
  ).toBe('bad_signature');
  expect(check(announcement)).toBeUndefined();
});

it.each([
  ['its clock is far ahead', now + 60_001, 'policy'],
  ['its clock is far behind', now - 60_001, 'policy'],
  ['its clock is off by what is tolerated', now + 60_000, undefined],
])('when %s', (_name, atMs, code) => expect(refusal(setting, () => ({}), atMs)).toBe(code));

describe('of rounds it has answered', () => {
  const { fleet, scenario } = start();
  const [router] = fleet.routers;
  const earlier = new Scenario(fleet, noise);
  const later = new Scenario(fleet, noise);
  const unanswered = router.check(fleet.coordinator.open(earlier.key), now);
  later.contribute([router]);

  it('neither the same again, nor another configuration of it, nor a lower one', () => {
    expect(refusal({ fleet, scenario: later }, () => ({}))).toBe('stale_round');
    expect(refusal({ fleet, scenario: later }, ({ deadline_ms }) => ({ deadline_ms: deadline_ms + 1 }))).toBe(
      'stale_round',
    );
    expect(refusal({ fleet, scenario }, () => ({}))).toBe('stale_round');
  });

  it('nor one that it checked before it answered a higher one', () => {
    expect(codeOf(() => router.build(unanswered, new Float64Array(later.dimension), now))).toBe('stale_round');
  });

  it('nor a second configuration that it checked before it answered the first, also without noise', () => {
    const quiet = start(
      { cluster: { unsafe_no_noise: true }, limits: { unsafeNoNoise: true } },
      { minParticipantsPerGroup: 3, privacy: { ...plan.privacy, assumedColluders: 1 } },
    );
    const { config } = quiet.scenario;
    const [one, two] = [1000, 2000].map((ms) => {
      const announcement = signDocument(
        roundConfigMessage,
        'local',
        { ...config, deadline_ms: now + ms },
        quiet.fleet.coordinator.context.identity.secretKey,
      );
      return quiet.fleet.routers[0].check(
        openRoundMessage.encode({ announcement, epoch_certificate: quiet.scenario.round.verified.epoch.certificate }),
        now,
      );
    });
    const vector = () => new Float64Array(quiet.scenario.dimension);
    expect(codeOf(() => quiet.fleet.routers[0].build(one, vector(), now))).toBeUndefined();
    expect(codeOf(() => quiet.fleet.routers[0].build(two, vector(), now))).toBe('stale_round');
  });
});

it('no round for being earlier than the one before: a round time is held against the clock alone', () => {
  const { fleet, scenario } = start();
  scenario.contribute([fleet.routers[0]]);
  const later = new Scenario(fleet, noise);
  const earlier = ({ round_time_ms }: RoundConfig) => ({ round_time_ms: round_time_ms - 1 });
  expect(refusal({ fleet, scenario: later }, earlier)).toBeUndefined();
  const tolerance = fleet.view.policy.clock_tolerance_ms;
  expect(refusal({ fleet, scenario: later }, earlier, now + tolerance)).toBe('policy');
});

it('an epoch below the highest it has answered in', () => {
  const { fleet, scenario } = start();
  const oldOpen = new Scenario(fleet, noise);
  const { epoch } = scenario.round.verified;
  fleet.startEpoch(now);
  new Scenario(fleet, noise).contribute([fleet.routers[0]]);
  const config = { ...oldOpen.config, round: (oldOpen.config.round + 10) as RoundConfig['round'] };
  const announcement = signDocument(roundConfigMessage, 'local', config, fleet.coordinator.context.identity.secretKey);
  const open = openRoundMessage.encode({ announcement, epoch_certificate: epoch.certificate });
  expect(codeOf(() => fleet.routers[0].check(open, now))).toBe('wrong_epoch');
  expect(codeOf(() => fleet.routers[1].check(open, now))).toBeUndefined();
});

it('noise below 1/2 a router, of which nothing is proven, also where one share alone would be cheap enough', () => {
  const fields = ['samples', 'successes', 'latency'].map((name) => ({
    name: name as FieldSpec['name'],
    scale: 1,
    bound_units: 1,
    centre_units: 0,
  }));
  const terms = { fields, privacy: { ...noise.privacy, rho: 4, assumedColluders: 2 }, minParticipantsPerGroup: 3 };
  const generous = start(
    {
      cluster: { max_round_rho_units: 2 ** 50 },
      limits: { maxRoundRhoUnits: 2 ** 50, minHonestPerGroup: 1 },
    },
    terms,
  );
  const withVariance = (numerator: number, denominator: number) =>
    privacy({ noise_variance_numerator: numerator, noise_variance_denominator: denominator });
  expect(refusal(generous, withVariance(1, 4))).toBeUndefined();
  expect(refusal(generous, withVariance(15, 64))).toBe('policy');
});

it("what falls below a newer policy or roster than the announcement's", () => {
  const { fleet, scenario } = start();
  distribute(fleet, nextDocuments(fleet, {}));
  expect(refusal({ fleet, scenario }, () => ({}))).toBe('policy');
  // Claiming the newer version does not help: its terms are the ones that count.
  const stricter = start();
  distribute(
    stricter.fleet,
    nextDocuments(stricter.fleet, {
      policy: ({ clusters }: FleetPolicy) => ({
        clusters: clusters.map((cluster) => ({ ...cluster, min_participants_per_group: 4 })),
      }),
    }),
  );
  const versions = { policy_version: 2, roster_version: 2 };
  expect(refusal(stricter, () => versions)).toBe('policy');
  expect(refusal(stricter, () => ({ ...versions, min_participants_per_group: 4 }))).toBeUndefined();
});

it('everything once its own certificate is revoked or has ended, or it left the cluster', () => {
  const { fleet, scenario } = start();
  const [router] = fleet.routers;
  const { id } = router.identity;
  const versions = { policy_version: 2, roster_version: 2 };
  const committee = fleet.view.policy.committee;
  for (const [changes, code] of [
    [{ revoke: [id] }, 'revoked'],
    [{ certificates: { [id]: { not_after_ms: now - 1 } } }, 'expired'],
    [
      {
        policy: ({ clusters }: FleetPolicy) => ({
          committee,
          clusters: clusters.map((cluster) => ({
            ...cluster,
            members: fleet.routers.slice(1).map((other) => other.identity.id),
          })),
        }),
      },
      'policy',
    ],
  ] as const) {
    const changed = start();
    distribute(changed.fleet, nextDocuments(changed.fleet, changes));
    expect(
      refusal(changed, () => ({ ...versions, policy_version: changed.fleet.routers[0].state.view.policy.version })),
    ).toBe(code);
  }
  expect(scenario.round.phase).toBe('collecting');
});

describe('its own limits, where they are stricter than the policy', () => {
  it.each([
    ['cost of a round', { maxRoundRhoUnits: 2 ** 38 }],
    ['honest quorum', { minHonestPerGroup: 3 }],
    ['privacy unit', { privacyUnit: 'router' }],
  ] as const)('%s', (_name, limits) => expect(refusal(start({ limits }), () => ({}))).toBe('policy'));

  it('no noise, where the policy would allow it', () => {
    expect(refusal(start({ cluster: { unsafe_no_noise: true } }), privacy({ noise_variance_numerator: 0 }))).toBe(
      'policy',
    );
    expect(
      refusal(
        start({ cluster: { unsafe_no_noise: true }, limits: { unsafeNoNoise: true } }),
        privacy({ noise_variance_numerator: 0 }),
      ),
    ).toBeUndefined();
  });

  it('its budget: a round that does not fit is refused, whatever epoch or cluster it is of', () => {
    const units = worstCaseUnits(setting.scenario.config);
    const { fleet } = start({ limits: { budget: { units: 2 * units + 1, window: 'lifetime' } } });
    const [router] = fleet.routers;
    const answer = () => codeOf(() => new Scenario(fleet, noise).contribute([router]));
    expect([answer(), answer(), answer()]).toEqual([undefined, undefined, 'budget_exhausted']);
    fleet.startEpoch(now);
    expect(answer()).toBe('budget_exhausted');
  });
});

it('clips what unit router sends to the announced bound by itself', () => {
  const { fleet, scenario } = start(
    { cluster: { privacy_units: ['router'] }, limits: { privacyUnit: 'router' } },
    { ...noise, privacy: { ...noise.privacy, unit: 'router', routerClipNorm: 1000, rho: 0.5 } },
  );
  const [router] = fleet.routers;
  const vector = new Float64Array(scenario.dimension).fill(2 ** 20);
  const sent: number[] = [];
  // Noise is added to the vector in place before anything else: seen through the randomness it asks for.
  const round = router.check(fleet.coordinator.open(scenario.key), now);
  Object.defineProperty(router, 'random', {
    value: (length: number) => {
      if (sent.length === 0) sent.push(...vector);
      return random(length);
    },
  });
  router.build(round, vector, now);
  expect(Math.hypot(...sent)).toBeLessThanOrEqual(1000);
  expect(Math.hypot(...sent)).toBeGreaterThan(990);
  expect(vector).toEqual(new Float64Array(scenario.dimension));
});

it('sits out what was announced before it came back from a backup, and has spent what may have been spent since', () => {
  const { fleet, scenario } = start();
  const [router] = fleet.routers;
  const tolerance = fleet.view.policy.clock_tolerance_ms;
  const roundTime = scenario.config.round_time_ms;
  const units = worstCaseUnits(scenario.config);
  const check = (atMs: number) => refusal({ fleet, scenario }, () => ({}), atMs);
  expect(check(roundTime)).toBeUndefined();
  evolveRouter(router.state, { type: 'restored', atMs: roundTime - tolerance - 1, units: 0 });
  expect(check(roundTime)).toBeUndefined();
  evolveRouter(router.state, { type: 'restored', atMs: roundTime - tolerance, units: 0 });
  expect(check(roundTime)).toBe('stale_round');
  expect(check(roundTime + tolerance + 1)).toBe('stale_round');
  // Another restoration, from an older state of the clock, takes nothing back.
  evolveRouter(router.state, { type: 'restored', atMs: 0, units: 0 });
  expect(check(roundTime)).toBe('stale_round');

  const fresh = start();
  const { budget } = fresh.fleet.routers[0].limits;
  evolveRouter(fresh.fleet.routers[0].state, { type: 'restored', atMs: 1, units: budget.units - units + 1 });
  expect(refusal(fresh, () => ({}))).toBe('budget_exhausted');
});
