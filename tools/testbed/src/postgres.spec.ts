import { spawnSync } from 'node:child_process';
import pg from 'pg';
import { TestPostgres } from './postgres';
import { childrenOf, cpuSecondsOf } from './processes';

it('starts on data of its own, is killed, comes back with what was committed, and leaves nothing behind', async () => {
  const server = TestPostgres.start('on-disk');
  if (!server) {
    console.warn('SKIPPED: PostgreSQL is not installed');
    return;
  }
  try {
    const url = server.createDatabase();
    const ask = async (sql: string): Promise<unknown[]> => {
      const client = new pg.Client({ connectionString: url });
      client.on('error', () => undefined);
      await client.connect();
      try {
        return (await client.query<Record<string, unknown>>(sql)).rows;
      } finally {
        await client.end();
      }
    };
    await ask('CREATE TABLE kept AS SELECT 1 AS one');
    expect(server.cpuSeconds()).toBeGreaterThan(0);
    server.kill();
    server.startAgain();
    expect(await ask('SELECT one FROM kept')).toEqual([{ one: 1 }]);
  } finally {
    server.stop();
  }
  expect(() => server.cpuSeconds()).toThrow('ENOENT');
}, 120_000);

it('knows the processes of a process, and their time', () => {
  expect(cpuSecondsOf(process.pid)).toBeGreaterThan(0);
  const { pid } = spawnSync(process.execPath, ['-e', '0']);
  expect(cpuSecondsOf(pid)).toBe(0);
  expect(childrenOf(pid)).toEqual([]);
});
