import { join } from 'node:path';
import { pino } from 'pino';
import { useTestFolder } from '../../test/support/test-folder';
import { Database } from '@secagg/journal/sqlite';
import { type DataRelease, DataReleaseTable } from '../store/data-releases';
import { routerMigrations } from '../store/router-migrations';
import { DataReleases } from './data-releases';

const folder = useTestFolder();
let database: Database;
let table: DataReleaseTable;
beforeEach(() => {
  database = Database.open(join(folder(), 'router.db'), routerMigrations);
  table = new DataReleaseTable(database);
});
afterEach(() => {
  jest.useRealTimers();
  database.close();
});

/** A store that fails so often before it does what it is told. */
function releasesOver(failures: number) {
  const done: string[] = [];
  let left = failures;
  const release = async ({ roundKey, release: how }: DataRelease): Promise<void> => {
    if (left-- > 0) throw new Error('no');
    done.push(`${roundKey} ${typeof how === 'string' ? how : `charged ${how.chargedUnits}`}`);
  };
  return { done, releases: new DataReleases(table, { release }, pino({ level: 'silent' })) };
}

describe('the end of a round', () => {
  it('is told after the transaction that it is part of, and then forgotten', async () => {
    const { done, releases } = releasesOver(0);
    database.transaction(() => {
      releases.end('c/1', 'published');
      expect(done).toEqual([]);
    });
    expect(table.all()).toEqual([{ roundKey: 'c/1', release: 'published' }]);
    await new Promise(setImmediate);
    expect([done, table.all()]).toEqual([['c/1 published'], []]);
  });

  it('is told until the store has done what follows', async () => {
    jest.useFakeTimers();
    const { done, releases } = releasesOver(2);
    releases.end('c/1', 'unused');
    releases.end('c/2', { chargedUnits: 7 });
    await jest.advanceTimersByTimeAsync(1);
    expect(done).toEqual([]);
    await jest.advanceTimersByTimeAsync(10_000);
    expect([done, table.all()]).toEqual([['c/1 unused', 'c/2 charged 7'], []]);
  });

  it('is told after a restart that came first', async () => {
    releasesOver(1).releases.end('c/1', 'published');
    await new Promise(setImmediate);
    const { done, releases } = releasesOver(0);
    await releases.releaseAll();
    expect(done).toEqual(['c/1 published']);
  });
});
