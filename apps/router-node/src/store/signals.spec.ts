import { join } from 'node:path';
import { type PublishedSignal } from '@secagg/client';
import { useTestFolder } from '../../test/support/test-folder';
import { Database } from '@secagg/journal/sqlite';
import { routerMigrations } from './router-migrations';
import { AggregateTable } from './signals';

const folder = useTestFolder();
let database: Database;
let table: AggregateTable;
beforeEach(() => {
  database = Database.open(join(folder(), 'router.db'), routerMigrations);
  table = new AggregateTable(database);
});
afterEach(() => database.close());

const put = (round: number, timeMs: number, keys: string[] = ['m:t']) =>
  table.put('c', { round: round as never, round_time_ms: timeMs }, {
    signal: { aggregation_round: round, reward_signals: Object.fromEntries(keys.map((key) => [key, {}])) },
  } as unknown as PublishedSignal);
const held = () => table.latest('c')?.round;

describe('the latest result', () => {
  it('is the one with the latest time, then the highest number', () => {
    put(Number.MAX_SAFE_INTEGER, 1000);
    put(5, 2000);
    expect(held()).toBe(5);
    put(6, 1999);
    expect(held()).toBe(5);
    put(7, 2000);
    expect(held()).toBe(7);
    expect(JSON.parse(table.latest('c')?.json ?? '')).toMatchObject({ signal: { aggregation_round: 7 } });
  });

  it('is never one in which every key is withheld in the place of one that is of use', () => {
    put(1, 1000, []);
    put(2, 2000, []);
    expect(held()).toBe(2);
    put(1, 1000);
    expect(held()).toBe(1);
    put(3, 3000, []);
    expect(held()).toBe(1);
    put(4, 4000);
    expect(held()).toBe(4);
  });

  it('of an earlier release is replaced by any that is of use', () => {
    database.run("INSERT INTO aggregate (cluster, round, body) VALUES ('c', 99, '{}')");
    put(100, 1, []);
    expect(held()).toBe(99);
    put(2, 1);
    expect(held()).toBe(2);
  });
});
