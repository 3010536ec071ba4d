/**
 * A coordinator under a policy that asks for statements of the current documents: it starts nothing without a fresh
 * one, and hands on the newest.
 */
import { signFreshness } from '@secagg/protocol';
import { type FreshnessProof, freshnessProofMessage, SecaggError } from '@secagg/schema';
import { until } from '@secagg/testbed/wait';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { TestFleet } from './support/fleet';
import { Running } from './support/in-process';
import { operatorRequest } from './support/parties';

const HOUR_MS = 3_600_000;
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'taken',
    (error: unknown) => (error instanceof SecaggError ? error.code : String(error)),
  );

describe('a coordinator whose policy asks for statements', () => {
  const fleet = new TestFleet({
    routers: 3,
    committee: { size: 1, threshold: 1 },
    fleetPolicy: { freshness: { max_age_ms: 4 * HOUR_MS, grace_ms: HOUR_MS } },
  });
  const lines: { level: number; msg: string; freshness?: string }[] = [];
  const logger = pino(
    { level: 'info' },
    { write: (line: string) => lines.push(JSON.parse(line) as (typeof lines)[0]) },
  );
  let nowMs = Date.now();
  let running: Running;

  const statement = (issuedAtMs = nowMs, documents = fleet.documents): FreshnessProof =>
    signFreshness(fleet.authority, documents, { issuedAtMs, notAfterMs: issuedAtMs + 4 * HOUR_MS });
  const start = async (config = {}) => {
    running = await Running.start(fleet, fleet.config(config), { logger, now: () => nowMs });
  };
  const readiness = async () => (await fetch(`${running.origin}/readyz`)).json() as Promise<{ documents: object }>;
  const metric = async () =>
    /^secure_agg_freshness_left_seconds (\S+)$/m.exec(await (await fetch(`${running.origin}/metrics`)).text())?.[1];
  const startEpoch = () =>
    codeOf(
      running.client.startEpoch(operatorRequest(fleet, fleet.operator, { action: 'start-epoch' }, nowMs), {
        attempts: 1,
      }),
    );
  const told = (text: string) => lines.filter(({ msg }) => msg.includes(text)).length;

  beforeAll(() => start({ autoEpochs: true }));
  afterAll(() => running.stop());

  it('starts no epoch without one, serves all the same, and says so once', async () => {
    expect(await running.client.freshness()).toBeUndefined();
    expect(await startEpoch()).toBe('stale_documents');
    expect(await readiness()).toMatchObject({
      status: 503,
      reasons: [{ reason: 'documents_stale' }],
      documents: { freshness: 'missing', policy: 1 },
    });
    expect((await fetch(`${running.origin}/readyz/store`)).status).toBe(200);
    expect(await metric()).toBe('0');
    await until(() => told('no round or epoch is started') === 1);
  });

  it('takes one from whoever brings it, and hands it on', async () => {
    const proof = statement();
    await running.client.putFreshness(proof);
    expect(await running.client.freshness()).toEqual(proof);
    await running.client.putFreshness(proof);
    expect(await readiness()).toMatchObject({ documents: { freshness: 'fresh' } });
    expect(Number(await metric())).toBeGreaterThan(4 * 3600);
    expect(told('count as current again')).toBe(1);
    expect(await startEpoch()).toBe('taken');
  });

  it('refuses older and forged ones, and those of a time to come; nothing changes', async () => {
    const known = await running.client.freshness();
    const elsewhere = new TestFleet({ routers: 1, committee: { size: 1, threshold: 1 } });
    const refusals = [
      statement(nowMs - HOUR_MS),
      statement(nowMs + 2 * HOUR_MS),
      signFreshness(elsewhere.authority, fleet.documents, { issuedAtMs: nowMs + 1, notAfterMs: nowMs + HOUR_MS }),
    ].map((proof) => codeOf(running.client.putFreshness(proof)));
    expect(await Promise.all(refusals)).toEqual(['policy', 'policy', 'bad_signature']);
    expect(await running.client.freshness()).toEqual(known);
  });

  it('knows the newest after a restart, and goes by its clock: a grace, then a stop', async () => {
    const known = await running.client.freshness();
    await running.stop();
    nowMs += 4.5 * HOUR_MS;
    lines.length = 0;
    await start();
    expect(await running.client.freshness()).toEqual(known);
    expect(await readiness()).toMatchObject({ documents: { freshness: 'grace' } });
    expect(await startEpoch()).toBe('taken');
    nowMs += HOUR_MS;
    expect(await startEpoch()).toBe('stale_documents');
    expect(Number(await metric())).toBeLessThan(0);
    expect(told('no round or epoch is started')).toBe(1);
  });

  it('stops when one names newer documents than it has, until it has them; also from a file at the start', async () => {
    const later = fleet.sign();
    await running.client.putFreshness(statement(nowMs, later));
    expect(await readiness()).toMatchObject({ documents: { freshness: 'outdated', policy: 1 } });
    expect(await startEpoch()).toBe('stale_documents');
    await running.client.putFleet(later);
    expect(await readiness()).toMatchObject({ documents: { freshness: 'fresh', policy: 2 } });

    await running.stop();
    nowMs += 6 * HOUR_MS;
    writeFileSync(join(fleet.folder, 'freshness.cbor'), freshnessProofMessage.encode(statement()));
    await start({ freshnessFile: 'freshness.cbor' });
    expect(await readiness()).toMatchObject({ documents: { freshness: 'fresh', policy: 2 } });
  });
});

it('without such a policy it starts all it is asked to, and says that documents that are kept back go unnoticed', async () => {
  const fleet = new TestFleet({ routers: 3, committee: { size: 1, threshold: 1 } });
  const running = await Running.start(fleet);
  await running.client.startEpoch(operatorRequest(fleet, fleet.operator, { action: 'start-epoch' }));
  const ready = await (await fetch(`${running.origin}/readyz`)).json();
  expect(ready).toMatchObject({ documents: { freshness: 'not_required', issued_at: null } });
  await running.stop();
});
