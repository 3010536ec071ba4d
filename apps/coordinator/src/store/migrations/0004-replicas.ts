import { type ColumnDefinitionBuilder, sql } from 'kysely';
import { type Migration } from '../migrate';

/** What coordinators need that share a database. The embedded one has these tables too, and leaves them empty. */
export const replicas: Migration = {
  version: 4,
  async up(db, { integer, bytes }) {
    const zero = (column: ColumnDefinitionBuilder) => column.notNull().defaultTo(0);
    await db.schema
      .createTable('tasks')
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('round_key', 'text', (column) => column.notNull())
      .addColumn('part', integer, zero)
      .addColumn('first_id', integer, zero)
      .addColumn('last_id', integer, zero)
      .addColumn('holder', 'text')
      .addColumn('leased_until_ms', integer, zero)
      .addPrimaryKeyConstraint('tasks_key', ['kind', 'round_key', 'part'])
      .execute();

    await db.schema
      .createTable('partial_sums')
      .addColumn('round_key', 'text', (column) => column.notNull())
      .addColumn('part', integer, (column) => column.notNull())
      .addColumn('group_index', integer, (column) => column.notNull())
      .addColumn('words', bytes, (column) => column.notNull())
      .addPrimaryKeyConstraint('partial_sums_key', ['round_key', 'part', 'group_index'])
      .execute();

    await db.schema
      .createTable('waiting_routers')
      .addColumn('replica', 'text', (column) => column.notNull())
      .addColumn('cluster', 'text', (column) => column.notNull())
      .addColumn('routers', 'text', (column) => column.notNull())
      .addColumn('seen_at_ms', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('waiting_routers_key', ['replica', 'cluster'])
      .execute();

    if (bytes === 'bytea') {
      // Ciphertexts do not compress: trying to costs time and gains nothing. And what is not compressed can be read in
      // slices.
      await sql`ALTER TABLE contributions ALTER COLUMN bytes SET STORAGE EXTERNAL`.execute(db);
      await sql`ALTER TABLE transcripts ALTER COLUMN body SET STORAGE EXTERNAL`.execute(db);
    }
  },
};
