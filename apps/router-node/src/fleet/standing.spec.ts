import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createMetrics } from '@secagg/metrics';
import { evidenceOfTwo, LocalFleet, signDocument } from '@secagg/protocol';
import { type PartyId, receiptMessage, SecaggError } from '@secagg/schema';
import { pino } from 'pino';
import { useTestFolder } from '../../test/support/test-folder';
import { Database } from '@secagg/journal/sqlite';
import { MisbehaviourTable } from '../store/misbehaviour';
import { routerMigrations } from '../store/router-migrations';
import { Standing } from './standing';

const random = (length: number) => new Uint8Array(randomBytes(length));
const nowMs = 1_800_000_000_000;
const folder = useTestFolder();

it('keeps evidence that holds once, over a restart, and excludes the party only where the policy says so and the key is the same', async () => {
  const fleet = new LocalFleet({ routers: 1, committee: { size: 1, threshold: 1 }, random, nowMs });
  const { view } = fleet;
  const { id, secretKey } = fleet.coordinator.context.identity;
  const body = {
    v: 1 as const,
    fleet: view.fleet,
    cluster: fleet.cluster,
    round: 1 as never,
    config_hash: random(32),
    router: 'router-0' as PartyId,
    coordinator: id,
  };
  const receipt = () => signDocument(receiptMessage, view.fleet, { ...body, header_hash: random(32) }, secretKey);
  const evidence = evidenceOfTwo(view, {
    kind: 'two-receipts',
    party: id,
    statements: [receipt(), receipt()],
  }) as Uint8Array;
  const metrics = createMetrics({ app: 'router-node', processMetrics: false });
  const open = () => {
    const database = Database.open(join(folder(), 'router.db'), routerMigrations);
    const table = new MisbehaviourTable(database);
    return { database, table, standing: new Standing(table, metrics, pino({ level: 'silent' }), () => nowMs) };
  };
  // Locked for a moment: what is proven is kept after it.
  jest.useFakeTimers();
  const put = jest.fn(() => true);
  put.mockImplementationOnce(() => {
    throw new SecaggError('unavailable', 'another process has locked the database');
  });
  const later = new Standing({ put } as never, metrics, pino({ level: 'silent' }), () => nowMs);
  later.keep(view.authorityKey, evidence);
  expect(put).toHaveBeenCalledTimes(1);
  jest.runOnlyPendingTimers();
  expect(put).toHaveBeenCalledTimes(2);
  jest.useRealTimers();

  const before = open();
  before.standing.keep(view.authorityKey, evidence.slice(1));
  before.standing.keep(random(32), evidence);
  expect(before.table.list()).toEqual([]);
  before.standing.keep(view.authorityKey, evidence);
  before.standing.keep(view.authorityKey, evidence);
  before.database.close();
  const { database, table, standing } = open();
  expect(table.list()).toMatchObject([{ kind: 'two-receipts', party: id, round: 1, atMs: nowMs }]);
  expect(table.message('two-receipts', id, table.list()[0].serial)).toEqual(evidence);
  expect(await metrics.exposition()).toContain('secure_agg_misbehaviour_proven_total{kind="two-receipts"} 2');

  const excluding = { ...view, policy: { ...view.policy, misbehaviour: 'exclude' as const } };
  const renewed = {
    ...excluding,
    certificates: new Map(
      [...view.certificates].map(([party, certificate]) => [party, { ...certificate, public_key: random(32) }]),
    ),
  };
  expect(() => standing.check(view, id)).not.toThrow();
  expect(() => standing.check(renewed, id)).not.toThrow();
  expect(() => standing.check(excluding, 'router-0')).not.toThrow();
  expect(() => standing.check(excluding, id)).toThrow('excluded for proven misbehaviour');
  database.close();
});
