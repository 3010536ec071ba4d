/** `secagg audit` of a round that no honest fleet can have produced. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { auditTranscript, LocalFleet, publishedResult, runCommittee, splitTranscript } from '@secagg/protocol';
import { defaultFields } from '@secagg/schema';
import { json, secagg } from '../../test/support/secagg';

const now = Date.UTC(2026, 0, 1);
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'secagg-implausible-'));
  const fleet = new LocalFleet({
    routers: 2,
    committee: { size: 1, threshold: 1 },
    random: (length) => new Uint8Array(randomBytes(length)),
    nowMs: now,
    cluster: { unsafe_no_noise: true },
    limits: { unsafeNoNoise: true },
  });
  fleet.startEpoch(now);
  const { key, config } = fleet.announce(
    {
      keys: ['m:a'],
      fields: defaultFields(),
      maxRequestsPerRouter: 10,
      minParticipantsPerGroup: 2,
      maxParticipants: 2,
      groups: 1,
      privacy: { unit: 'request', rho: 'unsafe-none', deltaInverse: 1_000_000 },
      sendDelayMs: 0,
      durationMs: 1000,
    },
    now,
  );
  for (const router of fleet.routers) {
    const vector = new Float64Array(config.layout.fields.length);
    vector[0] = 11 * config.layout.fields[0].scale;
    router.send(fleet.coordinator, key, router.contribution(fleet.coordinator, key, vector, now));
  }
  runCommittee(fleet.coordinator, fleet.members, now + 1000);
  const transcript = fleet.coordinator.transcript(key);
  const audited = auditTranscript(fleet.authority.publicKey, transcript);
  if (audited.kind !== 'opened') throw new Error('not opened');
  for (const [name, bytes] of splitTranscript(fleet.authority.publicKey, transcript, publishedResult(audited))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

it('is verified, and said to be implausible, with the routers it may have been', async () => {
  const { status, out } = await secagg('audit', folder);
  expect(status).toBe(0);
  expect(out).toContain(
    'IMPLAUSIBLE no honest routers can have sent the sum of group 0 (router-0, router-1): out_of_range, samples of m:a',
  );
  expect(await json('audit', folder, '--json')).toMatchObject({
    verified: true,
    keys: 0,
    implausible: [
      { group: 0, routers: ['router-0', 'router-1'], reason: 'out_of_range', key: 'm:a', field: 'samples' },
    ],
  });
});
