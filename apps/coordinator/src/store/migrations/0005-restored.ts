import { type Migration } from '../migrate';

/** How a coordinator finds out that its database was brought back from a backup. */
export const restored: Migration = {
  version: 5,
  async up(db, { integer }) {
    await db.schema
      .createTable('backup_mark')
      // `secagg restore` makes it where the backup is older than this migration.
      .ifNotExists()
      .addColumn('id', integer, (column) => column.primaryKey())
      .addColumn('made_at_ms', integer)
      .addColumn('assumed_numbers', integer)
      .execute();

    await db.schema
      .createTable('home')
      .addColumn('id', integer, (column) => column.primaryKey())
      .addColumn('place', 'text', (column) => column.notNull())
      .execute();
  },
};
