import { randomBytes } from 'node:crypto';
import { LocalFleet } from '@secagg/protocol';
import { defaultFields, type FleetPolicy } from '@secagg/schema';
import { HARD_CAP_BYTES, largestContribution } from './contribution-size';

const now = Date.UTC(2026, 0, 1);

describe('largest contribution', () => {
  it.each<[number, number, FleetPolicy['sealing_suites'][number], number]>([
    [1, 1, 'hpke-x25519-sha256-aes256gcm', 1],
    [4, 2, 'hpke-xwing-sha256-aes256gcm', 1],
    [7, 3, 'hpke-x25519-sha256-aes256gcm', 300],
    [10, 4, 'hpke-xwing-sha256-aes256gcm', 20],
  ])(
    'a real one of a committee of %i, threshold %i, sealed with %s, fits, with little to spare',
    (size, threshold, suite, keys) => {
      const fleet = new LocalFleet({
        routers: size,
        committee: { size, threshold },
        random: randomBytes,
        nowMs: now,
        cluster: { unsafe_no_noise: true },
        limits: { unsafeNoNoise: true },
        policy: { sealing_suites: [suite] },
      });
      fleet.startEpoch(now);
      const { key } = fleet.announce(
        {
          keys: Array.from({ length: keys }, (_, i) => `m${String(i).padStart(4, '0')}:t`),
          fields: defaultFields(),
          maxRequestsPerRouter: 10,
          minParticipantsPerGroup: 1,
          maxParticipants: 8,
          groups: 1,
          privacy: { unit: 'request', rho: 'unsafe-none', assumedColluders: 0, deltaInverse: 1_000_000 },
          sendDelayMs: 0,
          durationMs: 1000,
        },
        now,
      );
      const round = fleet.coordinator.state.rounds.get(key)?.verified;
      if (!round) throw new Error('no round');
      const { length } = fleet.routers[0].contribution(fleet.coordinator, key, new Float64Array(round.dimension), now);
      expect(length).toBeLessThanOrEqual(largestContribution(round));
      expect(largestContribution(round) - length).toBeLessThan(8192 + 8192 * size);
    },
  );

  it('never lets more in than the message itself may have', () => {
    const epoch = { pieces: { length: 256 }, size: 30 } as Parameters<typeof largestContribution>[0]['epoch'];
    expect(largestContribution({ cipher: () => ({ ciphertextBytes: 2 ** 40 }) as never, epoch })).toBe(HARD_CAP_BYTES);
  });
});
