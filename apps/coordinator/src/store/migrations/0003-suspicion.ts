import { type Migration } from '../migrate';

/** Scores over rounds. Needs nothing but the first migration. */
export const suspicion: Migration = {
  version: 3,
  async up(db, { integer }) {
    await db.schema
      .createTable('suspicion_clusters')
      .addColumn('cluster', 'text', (column) => column.primaryKey())
      .addColumn('rounds', integer, (column) => column.notNull())
      .addColumn('latest_round', integer, (column) => column.notNull())
      .execute();

    await db.schema
      .createTable('suspicion')
      .addColumn('cluster', 'text', (column) => column.notNull())
      .addColumn('router', 'text', (column) => column.notNull())
      .addColumn('rounds', integer, (column) => column.notNull())
      .addColumn('flagged', integer, (column) => column.notNull())
      .addColumn('expected', 'double precision', (column) => column.notNull())
      .addColumn('named_in_round', integer)
      .addColumn('quarantined_after', integer)
      .addPrimaryKeyConstraint('suspicion_key', ['cluster', 'router'])
      .execute();
  },
};
