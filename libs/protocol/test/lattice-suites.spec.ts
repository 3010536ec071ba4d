/** Rounds in the lattice suites, through every role: docs/rlwe.md. */
import { randomBytes } from 'node:crypto';
import { type RandomBytes, type RoundConfig, type SecaggError, transcriptMessage } from '@secagg/schema';
import { aggregateResult, auditTranscript, buildContribution, LocalFleet, runCommittee } from '../src';

const random: RandomBytes = (length) => new Uint8Array(randomBytes(length));
const now = Date.UTC(2026, 0, 5);
const keys = ['a:x', 'b:x', 'c:x'];
const fields = [
  { name: 'samples', scale: 1, bound_units: 1, centre_units: 0 },
  { name: 'successes', scale: 1, bound_units: 1, centre_units: 0 },
  { name: 'latency', scale: 8, bound_units: 80, centre_units: 20 },
] as const;

interface Options {
  readonly suite: RoundConfig['suite'];
  readonly groups?: number;
  readonly combination?: 'sum' | 'median';
  readonly routers?: number;
  readonly allowed?: RoundConfig['suite'][];
}

function fleetAndRound({ suite, groups = 1, combination = 'sum', routers = 8, allowed }: Options) {
  const fleet = new LocalFleet({
    routers,
    committee: { size: 4, threshold: 2 },
    random,
    nowMs: now,
    cluster: { unsafe_no_noise: true },
    policy: { suites: allowed ?? ['pad', suite] },
    limits: { unsafeNoNoise: true },
  });
  fleet.startEpoch(now);
  const { key, config } = fleet.announce(
    {
      keys,
      fields: [...fields],
      maxRequestsPerRouter: 100,
      minParticipantsPerGroup: 1,
      maxParticipants: routers,
      groups,
      combination,
      suite,
      privacy: { unit: 'request', rho: 'unsafe-none', assumedColluders: 0, deltaInverse: 1_000_000 },
      sendDelayMs: 0,
      durationMs: 1000,
    },
    now,
  );
  return { fleet, key, config };
}

type World = ReturnType<typeof fleetAndRound>;

/** One request of 10 s for every key. */
const vector = (): Float64Array => Float64Array.from(keys.flatMap(() => [1, 1, 60]));

function contribute({ fleet, key }: World, index: number): Uint8Array {
  const router = fleet.routers[index];
  const bytes = router.build(router.check(fleet.coordinator.open(key), now), vector(), now);
  router.send(fleet.coordinator, key, bytes);
  return bytes;
}

function finish({ fleet, key }: World) {
  runCommittee(fleet.coordinator, fleet.members, now + 1001);
  const transcript = transcriptMessage.decode(fleet.coordinator.publish(key));
  const audited = auditTranscript(fleet.authority.publicKey, transcript);
  if (audited.kind !== 'opened') throw new Error('the round was aborted');
  return { transcript, audited };
}

/** An encryption of the router's whose lattice part belongs to another key: every check passes. */
function spoil({ fleet, key }: World, index: number): void {
  const open = fleet.coordinator.state.rounds.get(key)?.verified;
  if (!open) throw new Error('no round');
  const cipher = open.cipher();
  const spoiled = {
    ...open,
    cipher: () => ({
      ...cipher,
      encrypt: (...args: Parameters<typeof cipher.encrypt>) => {
        const honest = cipher.encrypt(...args);
        const other = cipher.encrypt(args[0], vector(), args[2], random);
        honest.set(
          other.subarray((cipher.keyDimension * cipher.keyBits) / 8),
          (cipher.keyDimension * cipher.keyBits) / 8,
        );
        return honest;
      },
    }),
  };
  const router = fleet.routers[index];
  fleet.coordinator.contribute(key, buildContribution(spoiled, router.identity, vector(), random, now).bytes);
}

describe.each(['rlwe-2048', 'rlwe-4096'] as const)('a round in %s', (suite) => {
  it('opens to the sum of those that contributed, and audits', () => {
    const world = fleetAndRound({ suite });
    expect(world.config.suite).toBe(suite);
    for (const index of [0, 1, 2, 5, 7]) contribute(world, index);
    const { audited, transcript } = finish(world);
    expect([...audited.sums[0].values]).toEqual([...vector()].map((value) => 5 * value));
    const degree = suite === 'rlwe-2048' ? 2048 : 4096;
    expect(transcript.pieces.every(({ words }) => words.length === 2 * degree)).toBe(true);
    expect(Object.keys(aggregateResult(audited).signal.reward_signals)).toEqual(keys);
  });

  it('refuses a ciphertext that is none of the round, and takes the right one after it', () => {
    const world = fleetAndRound({ suite });
    const { fleet, key } = world;
    const round = fleet.coordinator.state.rounds.get(key)?.verified;
    if (!round) throw new Error('no round');
    const cipher = round.cipher();
    const sent = (change: (ciphertext: Uint8Array) => Uint8Array) => {
      const changed = {
        ...round,
        cipher: () => ({
          ...cipher,
          encrypt: (...args: Parameters<typeof cipher.encrypt>) => change(cipher.encrypt(...args)),
        }),
      };
      const { identity } = fleet.routers[0];
      return () => fleet.coordinator.contribute(key, buildContribution(changed, identity, vector(), random, now).bytes);
    };
    const codeOf = (run: () => unknown): string => {
      try {
        run();
      } catch (error) {
        return (error as SecaggError).code;
      }
      return 'taken';
    };
    expect(codeOf(sent((bytes) => bytes.subarray(1)))).toBe('malformed');
    expect(codeOf(sent((bytes) => bytes.fill(0xff, bytes.length - 13)))).toBe('not_canonical');
    for (const index of [0, 1]) contribute(world, index);
    expect([...finish(world).audited.sums[0].values]).toEqual([...vector()].map((value) => 2 * value));
  });

  it('publishes nothing of a sum that does not decode, and says so without naming one router', () => {
    const world = fleetAndRound({ suite });
    for (const index of [0, 1, 2]) contribute(world, index);
    spoil(world, 3);
    const { audited } = finish(world);
    const result = aggregateResult(audited);
    expect(result.signal.reward_signals).toEqual({});
    expect(result.implausible).toEqual([
      { group: 0, reason: 'spoiled', routers: ['router-0', 'router-1', 'router-2', 'router-3'] },
    ]);
  });
});

it('goes on without a spoiled group where groups are combined robustly', () => {
  const world = fleetAndRound({ suite: 'rlwe-2048', groups: 3, combination: 'median', routers: 30 });
  for (let index = 1; index < 30; index++) contribute(world, index);
  spoil(world, 0);
  const { audited } = finish(world);
  const result = aggregateResult(audited);
  const group = audited.set.groups.find(({ members }) => members.some(({ header }) => header.router === 'router-0'));
  expect(result.implausible).toBeUndefined();
  expect(result.robust?.scores.filter(({ flagged }) => flagged)).toEqual([
    expect.objectContaining({ group: group?.group, implausible: { reason: 'spoiled' } }),
  ]);
  expect(Object.keys(result.signal.reward_signals)).toEqual(keys);
});

it('is refused where the policy does not allow the suite', () => {
  expect(() => fleetAndRound({ suite: 'rlwe-4096', allowed: ['pad'] })).toThrow(
    expect.objectContaining({ code: 'policy' }),
  );
});
