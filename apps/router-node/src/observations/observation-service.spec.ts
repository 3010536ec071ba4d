import { randomBytes } from 'node:crypto';
import { LocalFleet, type RoundPlan, type RoundState, roundKey } from '@secagg/protocol';
import {
  contributionMessage,
  defaultFields,
  headerMessage,
  type OpenRound,
  type RewardObservation,
} from '@secagg/schema';
import { useTestFolder } from '../../test/support/test-folder';
import { NO_ALIASES } from '../ingest/names/aliases';
import { DEFAULT_BOUNDS } from '../ingest/values/count-values';
import { ObservationService } from './observation-service';
import { type ObservationStoreOptions } from './observation-store';

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const folder = useTestFolder();
const nowMs = Date.UTC(2026, 0, 1);
const fleet = new LocalFleet({ routers: 3, committee: { size: 1, threshold: 1 }, random, nowMs });
fleet.startEpoch(nowMs);
const identity = fleet.routers[0].identity;

const plan: Omit<RoundPlan, 'cluster' | 'round'> = {
  keys: ['m:t'],
  fields: defaultFields({}),
  maxRequestsPerRouter: 100,
  minParticipantsPerGroup: 2,
  maxParticipants: 3,
  groups: 1,
  combination: 'sum',
  privacy: { unit: 'request', rho: 0.01, assumedColluders: 1, deltaInverse: 1_000_000 },
  sendDelayMs: 0,
  durationMs: 1000,
};
const rounds = [1, 2].map((): { open: OpenRound; key: string } => {
  const { key } = fleet.announce(plan, nowMs);
  const { verified: round } = fleet.coordinator.state.rounds.get(key) as RoundState;
  fleet.coordinator.state.rounds.delete(key);
  return { key, open: { announcement: round.announcement, epoch_certificate: round.epoch.certificate } };
});

let service: ObservationService;
const open = async (change: Partial<ObservationStoreOptions> = {}): Promise<void> => {
  service = await ObservationService.open({
    dataDir: folder(),
    identity,
    cluster: 'ab',
    storeKey: new Uint8Array(32).fill(3),
    maxRequestsPerRound: 5,
    limits: { maxObservations: 1000, maxUnlisted: 1 },
    retentionHours: 1_000_000,
    mapping: { defaultTask: 'general', taskAttribute: 'task' },
    requestWindowHours: 1,
    ownRetentionHours: 672,
    priorHalfLifeHours: 72,
    aliases: NO_ALIASES,
    ...change,
  });
};
beforeEach(() => open());
afterEach(() => service.close());

const batch = (count: number, model = 'm') => ({
  contentType: 'application/json',
  bounds: DEFAULT_BOUNDS,
  body: new Uint8Array(
    Buffer.from(
      JSON.stringify(
        Array.from({ length: count }, (): RewardObservation => ({ model, task: 't', success: true, latency_s: 1 })),
      ),
    ),
  ),
});
const prepare = (round = rounds[0], seenAtMs = 7) =>
  service.prepare({ open: round.open, seenAtMs, mostCarriedUnits: 0 });
const held = async () => {
  const { waiting, taken } = await service.status();
  return { waiting, taken };
};

describe('the observation store', () => {
  it('takes the data of a round and builds its contribution, dated by when the round was seen', async () => {
    await service.accept(batch(8));
    const { bytes } = await prepare();
    const header = headerMessage.decode(contributionMessage.decode(bytes).header.body);
    expect(header).toMatchObject({ router: identity.id, timestamp_ms: 7 });
    expect(await held()).toEqual({ waiting: 3, taken: 5 });
    expect((await service.status()).claims).toEqual([{ roundKey: rounds[0].key, observations: 5 }]);
  });

  it('takes data for a round once', async () => {
    await service.accept(batch(8));
    await prepare();
    await expect(prepare()).rejects.toMatchObject({ code: 'stale_round' });
    expect(await held()).toEqual({ waiting: 3, taken: 5 });
  });

  it('lets data go when its round is published, and wait again when it is not', async () => {
    await service.accept(batch(8));
    await prepare();
    await prepare(rounds[1]);
    await service.release({ roundKey: rounds[0].key, release: 'published' });
    expect(await held()).toEqual({ waiting: 0, taken: 3 });
    await service.release({ roundKey: rounds[1].key, release: 'unused' });
    expect(await held()).toEqual({ waiting: 3, taken: 0 });
    // As often as it is told.
    await service.release({ roundKey: rounds[1].key, release: 'unused' });
    await service.release({ roundKey: roundKey('ab', 99), release: 'published' });
    expect(await held()).toEqual({ waiting: 3, taken: 0 });
  });

  it('gives back, after a restart, what rounds have that were not answered, and nothing else', async () => {
    await service.accept(batch(8));
    await prepare();
    await prepare(rounds[1]);
    await service.close();
    await open();
    await service.keepClaims([rounds[1].key]);
    expect(await held()).toEqual({ waiting: 5, taken: 3 });
  });

  it('prepares before it does anything else that has come', async () => {
    await service.accept(batch(5));
    const order: string[] = [];
    const note = (what: string) => () => order.push(what);
    await Promise.all([
      ...Array.from({ length: 5 }, () => service.accept(batch(1)).then(note('batch'))),
      service.status().then(note('status')),
      prepare().then(note('round')),
    ]);
    expect(order[0]).toBe('round');
  });

  it('prepares before it reads on in a body that is under way', async () => {
    await service.accept(batch(5));
    const order: string[] = [];
    await service.ingest({ id: 1, start: { source: 'scores', format: 'json', bounds: DEFAULT_BOUNDS } });
    const scores = JSON.stringify(
      Array.from({ length: 900 }, (_, i) => ({ id: `${'x'.repeat(200)}${i}`, quality: 1 })),
    );
    const reading = service.ingest({ id: 1, given: { piece: new Uint8Array(Buffer.from(scores)) } });
    await Promise.all([reading.then(() => order.push('body')), prepare().then(() => order.push('round'))]);
    expect(order).toEqual(['round', 'body']);
    await service.ingest({ id: 1, given: { end: 'whole' } });
    await expect(service.ingest({ id: 2, given: { end: 'whole' } })).rejects.toThrow('no such batch');
  });

  it('shows what waits by the catalogue of the last round, or of the plan before it', async () => {
    await service.accept(batch(3));
    await service.accept(batch(2, 'other'));
    const report = async (aliases?: object) =>
      JSON.parse(
        Buffer.from(
          await service.names(aliases && { aliases: new Uint8Array(Buffer.from(JSON.stringify(aliases))) }),
        ).toString(),
      ) as object;
    expect((await service.status()).names).toEqual({ catalogue: null, listed: 0, unlisted: 5 });
    await service.plan(['other:t']);
    expect((await service.status()).names).toEqual({ catalogue: 'planned', listed: 2, unlisted: 3 });
    expect(await report()).toMatchObject({ catalogue: 'planned', listed: 2, unlisted: 3 });
    await prepare();
    expect((await service.status()).names).toEqual({ catalogue: 'announced', listed: 0, unlisted: 2 });
    expect(await report({ models: { other: 'm' } })).toMatchObject({
      catalogue: 'announced',
      listed: 2,
      unlisted: 0,
      keys: [{ key: 'other:t', counts_as: 'm:t', verdict: 'listed' }],
    });
    await expect(report({ models: { a: 1 } })).rejects.toMatchObject({
      code: 'invalid',
      details: { path: 'models.a' },
    });
  });

  it('learns from a round which keys are of use, and keeps few of the others', async () => {
    expect((await service.accept(batch(3, 'other'))).answer).toMatchObject({ accepted: 3, skipped: {} });
    expect(await service.status()).toMatchObject({ unlisted: 0, missingKeys: {} });
    await prepare();
    expect(await service.status()).toMatchObject({
      unlisted: 3,
      missingKeys: { 'other:t': 3 },
      isFullOfUnlisted: true,
    });
    expect(await service.accept(batch(2, 'other'))).toMatchObject({
      answer: { accepted: 0, skipped: { unlisted: 2 } },
      isFullOfUnlisted: true,
    });
    expect(await service.status()).toMatchObject({ unlisted: 3, unlistedSkipped: 2 });
    await service.close();
    await open();
    expect((await service.accept(batch(1, 'other'))).answer.skipped).toEqual({ unlisted: 1 });
  });

  it('drops what has waited too long when it starts', async () => {
    await service.accept(batch(2));
    await service.close();
    await open({ retentionHours: 0 });
    await service.status();
    expect(await held()).toEqual({ waiting: 0, taken: 0 });
  });

  it('refuses what is no batch, and goes on', async () => {
    await expect(service.accept({ ...batch(1), body: new Uint8Array([0x7b]) })).rejects.toMatchObject({
      code: 'malformed',
    });
    expect((await service.accept(batch(1))).answer.accepted).toBe(1);
  });

  it('drops everything when it is told to', async () => {
    await service.accept(batch(8));
    await prepare();
    await service.clear();
    expect(await service.status()).toMatchObject({ waiting: 0, taken: 0, claims: [] });
  });
});
