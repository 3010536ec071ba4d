import { randomBytes } from 'node:crypto';
import { auditTranscript, LocalFleet, runCommittee } from '@secagg/protocol';
import { defaultFields, transcriptMessage } from '@secagg/schema';
import { ExpectedSums } from './expected-sums';
import { parseCommandLine, type SimulationOptions } from './options';
import { UnsafeRecorder } from './randomness';
import { simulate } from './simulate';

const small: SimulationOptions = {
  ...parseCommandLine([
    '--routers',
    '12',
    '--dimension',
    '20',
    '--dropout',
    '0.25',
    '--committee',
    '4',
    '--threshold',
    '2',
  ]).simulation,
};

describe('simulation', () => {
  it('runs rounds with noise and dropouts, and checks their sums', () => {
    const result = simulate({ ...small, rounds: 2 });
    expect(result).toMatchObject({
      checked: true,
      routers: 12,
      participants: 9,
      dimension: 20,
      fields: 5,
      keys: 4,
      suite: 'pad',
      rounds: 2,
    });
    expect(result.noise_variance).toBeGreaterThan(0);
    expect(result.upload_bytes).toBeGreaterThan((20 * result.word_bits) / 8);
  });

  it('runs rounds without noise, with one member, and in groups', () => {
    expect(simulate({ ...small, unsafeNoNoise: true, committee: { size: 1, threshold: 1 } })).toMatchObject({
      checked: true,
      noise_variance: 0,
    });
    expect(simulate({ ...small, routers: 40, dropout: 0, groups: 2, minParticipants: 5 })).toMatchObject({
      checked: true,
      groups: 2,
      participants: 40,
    });
  });

  it('fails when too few routers are left', () => {
    expect(() => simulate({ ...small, minParticipants: 10 })).toThrow('aborted');
  });
});

describe('check of the opened sums', () => {
  const now = Date.UTC(2026, 0, 1);
  const recorder = new UnsafeRecorder('test');
  const fleet = new LocalFleet({
    routers: 3,
    committee: { size: 1, threshold: 1 },
    random: recorder.random,
    nowMs: now,
  });
  fleet.startEpoch(now);
  const { key, config } = fleet.announce(
    {
      keys: ['m:t'],
      fields: defaultFields(),
      maxRequestsPerRouter: 10,
      minParticipantsPerGroup: 3,
      maxParticipants: 3,
      groups: 1,
      privacy: { unit: 'request', rho: 1, deltaInverse: 1e6 },
      sendDelayMs: 0,
      durationMs: 1000,
    },
    now,
  );
  const sent = fleet.routers.map((router, i) => {
    const vector = Float64Array.of(65536, i, -i);
    const { result, again } = recorder.recording(() =>
      router.contribution(fleet.coordinator, key, vector.slice(), now),
    );
    router.send(fleet.coordinator, key, result);
    // Replayed bytes serve once; each test draws the noise again.
    const bytes = Array.from({ length: 1 }, () => again(0x400));
    return {
      id: router.identity.id,
      vector,
      noise: () => (length: number) => (length === 0x400 ? bytes[0].slice() : randomBytes(length)),
    };
  });
  runCommittee(fleet.coordinator, fleet.members, now + 1000);
  const audited = auditTranscript(fleet.authority.publicKey, transcriptMessage.decode(fleet.coordinator.publish(key)));
  const expect3 = (change: (entry: (typeof sent)[number], i: number) => Float64Array | undefined) => {
    const expected = new ExpectedSums(config);
    sent.forEach((entry, i) => {
      const vector = change(entry, i);
      if (vector) expected.add(entry.id, vector, entry.noise());
    });
    if (audited.kind !== 'opened') throw new Error('not opened');
    expected.check(audited);
  };

  it('passes for what was sent', () => expect3(({ vector }) => vector.slice()));

  it('fails for one unit more in one coordinate of one router', () => {
    expect(() => expect3(({ vector }, i) => vector.map((value, k) => value + (i === 1 && k === 2 ? 1 : 0)))).toThrow(
      'coordinate 2',
    );
  });

  it('fails for a router that is missing', () => {
    expect(() => expect3(({ vector }, i) => (i === 0 ? undefined : vector.slice()))).toThrow('other routers');
  });
});
