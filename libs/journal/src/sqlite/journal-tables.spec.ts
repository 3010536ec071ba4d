import { join } from 'node:path';
import { SecaggError } from '@secagg/schema';
import fc from 'fast-check';
import { useTestFolder } from '../../test/support/test-folder';
import { lockedBy } from '@secagg/testbed/lock';
import { Journal, type Role } from '../journal';
import { Database, type Migration } from './database';
import { journalTables, JournalTables, type TableJournal } from './journal-tables';

/** Appends numbers: state and history are easy to compare. */
type Append = { readonly type: 'append'; readonly value: number; readonly secret?: Uint8Array };
const role: Role<number[], Append> = {
  evolve: (state, { value }) => {
    if (value < 0) throw new Error('not an event');
    state.push(value);
  },
  begin: ({ value }) => [value],
  snapshot: (state) => state,
  restore: (value) => value as number[],
  record: ({ type, value }) => ({ type, value }),
};

const migrations: readonly Migration[] = [
  { number: 1, sql: `${journalTables} CREATE TABLE beside (body TEXT NOT NULL);` },
];

const folder = useTestFolder();
const failures: unknown[] = [];
const opened: Database[] = [];
const open = () => {
  const database = Database.open(join(folder(), 'journal.db'), migrations);
  opened.push(database);
  return { database, journal: journalOf(database) };
};
const journalOf = (database: Database, eventsPerSnapshot?: number): TableJournal<number[], Append> => {
  const tables = new JournalTables<number[], Append>(database, {
    name: 'journal',
    ...(eventsPerSnapshot === undefined ? {} : { eventsPerSnapshot }),
  });
  return new Journal(role, tables, (error) => failures.push(error));
};
const close = () => opened.splice(0).forEach((database) => database.close());
afterEach(() => {
  close();
  failures.length = 0;
});

describe('a journal', () => {
  it('rebuilds the same state from any mix of steps, snapshots and restarts', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.array(fc.nat(), { maxLength: 300 }),
            fc.constant('compact' as const),
            fc.constant('restart' as const),
          ),
          { maxLength: 8 },
        ),
        (steps) => {
          close();
          const expected: number[] = [];
          const { database } = open();
          database.run('DELETE FROM event');
          database.run('DELETE FROM snapshot');
          close();
          let { journal } = open();
          for (const step of steps) {
            if (step === 'compact') journal.compact();
            else if (step === 'restart') {
              close();
              ({ journal } = open());
            } else {
              journal.append(step.map((value) => ({ type: 'append', value })));
              expected.push(...step);
            }
          }
          close();
          ({ journal } = open());
          expect(journal.hasBegun ? journal.state : []).toEqual(expected);
        },
      ),
      { numRuns: 25 },
    );
    expect(failures).toEqual([]);
  });

  it('changes nothing while another process has locked the database, and goes on after', async () => {
    const path = join(folder(), 'locked.db');
    const database = Database.open(path, migrations, { readable: true });
    opened.push(database);
    const journal = journalOf(database);
    journal.append([{ type: 'append', value: 1 }]);
    const release = await lockedBy(path);
    expect(() => journal.append([{ type: 'append', value: 2 }])).toThrow(
      expect.objectContaining({ code: 'unavailable' }),
    );
    expect([journal.state, failures]).toEqual([[1], []]);
    await release();
    journal.append([{ type: 'append', value: 3 }]);
    expect(journal.state).toEqual([1, 3]);
  });

  it('keeps a step whose snapshot finds the database locked, and puts the snapshot off', () => {
    const { database } = open();
    const journal = journalOf(database, 1);
    const transaction = database.transaction.bind(database);
    let calls = 0;
    jest.spyOn(database, 'transaction').mockImplementation((work) => {
      calls += 1;
      if (calls === 2) throw new SecaggError('unavailable', 'another process has locked the database');
      return transaction(work);
    });
    journal.append([{ type: 'append', value: 1 }]);
    expect(calls).toBe(2);
    expect([journal.state, failures]).toEqual([[1], []]);
    expect(database.all('SELECT id FROM event')).toHaveLength(1);
    journal.append([{ type: 'append', value: 2 }]);
    expect(database.all('SELECT id FROM event')).toHaveLength(0);
    close();
    expect(open().journal.state).toEqual([1, 2]);
  });

  it('is waited for while it is locked: everything else goes on meanwhile, and in the end it is refused', async () => {
    const path = join(folder(), 'waited.db');
    const database = Database.open(path, migrations, { readable: true });
    opened.push(database);
    const journal = journalOf(database);
    const release = await lockedBy(path);
    await expect(database.unlocked(0)).rejects.toMatchObject({ code: 'unavailable' });
    // Only this process can release it, and only while it is not held up.
    const step = journal.fresh().then(() => journal.append([{ type: 'append', value: 1 }]));
    await release();
    await step;
    expect([journal.state, failures]).toEqual([[1], []]);
  });

  it('makes what belongs to a step durable with it, or neither', () => {
    const { database, journal } = open();
    journal.append([{ type: 'append', value: 1 }], () =>
      database.run('INSERT INTO beside (body) VALUES (?)', 'with it'),
    );
    expect(() =>
      journal.append([{ type: 'append', value: 2 }], () => {
        database.run('INSERT INTO beside (body) VALUES (?)', 'without it');
        throw new Error('the disk is full');
      }),
    ).toThrow('the disk is full');
    expect(failures).toHaveLength(1);
    close();
    const again = open();
    expect(again.journal.state).toEqual([1]);
    expect(again.database.all('SELECT body FROM beside')).toEqual([['with it']]);
  });

  it('tells its owner when an event cannot be applied', () => {
    const { journal } = open();
    journal.append([{ type: 'append', value: 1 }]);
    expect(() => journal.append([{ type: 'append', value: -1 }])).toThrow('not an event');
    expect(failures).toHaveLength(1);
  });

  it('writes of an event only what is to be recorded', () => {
    const { database, journal } = open();
    journal.append([{ type: 'append', value: 1, secret: Uint8Array.of(0xde, 0xad, 0xbe, 0xef) }]);
    const [[body]] = database.all('SELECT body FROM event');
    expect(Buffer.from(body as Uint8Array).includes(Buffer.from('deadbeef', 'hex'))).toBe(false);
  });
});
