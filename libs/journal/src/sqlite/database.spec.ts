import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { useTestFolder } from '../../test/support/test-folder';
import { Database, DatabaseInUse, type Migration } from './database';

const folder = useTestFolder();
const path = () => join(folder(), 'x.db');
const one: Migration = { number: 1, sql: 'CREATE TABLE a (id INTEGER PRIMARY KEY, body BLOB)' };
const two: Migration = { number: 2, sql: "ALTER TABLE a ADD COLUMN note TEXT; UPDATE a SET note = 'old'" };

describe('a database file', () => {
  it('is brought to the newest migration once, and refused by an older version', () => {
    const first = Database.open(path(), [one]);
    first.run('INSERT INTO a (body) VALUES (?)', Uint8Array.of(1, 2));
    first.close();
    for (let i = 0; i < 2; i++) {
      const migrated = Database.open(path(), [one, two]);
      expect(migrated.all('SELECT body, note FROM a')).toEqual([[Uint8Array.of(1, 2), 'old']]);
      migrated.close();
    }
    expect(() => Database.open(path(), [one])).toThrow('newer version');
  });

  it('keeps nothing of a migration that fails', () => {
    expect(() =>
      Database.open(path(), [one, { number: 2, sql: 'CREATE TABLE b (id INTEGER); CREATE TABLE a (id INTEGER)' }]),
    ).toThrow('already exists');
    const database = Database.open(path(), [one]);
    expect(database.all("SELECT name FROM sqlite_master WHERE type = 'table'")).toEqual([['a']]);
    database.close();
  });

  it('belongs to one process, and to its owner', () => {
    const database = Database.open(path(), [one]);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    const script = `const D = require('libsql'); const db = new D(${JSON.stringify(path())}, { timeout: 50 }); try { db.prepare('SELECT * FROM a').all(); } catch (e) { process.stdout.write(e.code); }`;
    const other = spawnSync(process.execPath, ['-e', script], {
      cwd: join(__dirname, '../../../..'),
      encoding: 'utf8',
    });
    expect(other.stdout).toBe('SQLITE_BUSY');
    expect(() => Database.open(path(), [one])).toThrow(DatabaseInUse);
    database.close();
  });

  it('nests transactions into one', () => {
    const database = Database.open(path(), [one]);
    expect(() =>
      database.transaction(() => {
        database.transaction(() => database.run('INSERT INTO a (id) VALUES (1)'));
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(database.all('SELECT * FROM a')).toEqual([]);
    database.close();
  });
});
