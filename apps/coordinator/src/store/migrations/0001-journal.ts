import { type Migration } from '../migrate';

export const journal: Migration = {
  version: 1,
  async up(db, { integer, bytes }) {
    await db.schema
      .createTable('journal')
      .addColumn('id', integer, (column) => column.primaryKey())
      .addColumn('round_key', 'text')
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('body', bytes, (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('journal_of_round')
      .on('journal')
      .column('round_key')
      .where('round_key' as never, 'is not', null)
      .execute();

    await db.schema
      .createTable('contributions')
      .addColumn('journal_id', integer, (column) => column.primaryKey())
      .addColumn('round_key', 'text', (column) => column.notNull())
      .addColumn('router', 'text', (column) => column.notNull())
      .addColumn('bytes', bytes, (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('contribution_of_router')
      .unique()
      .on('contributions')
      .columns(['round_key', 'router'])
      .execute();

    await db.schema
      .createTable('finished_rounds')
      .addColumn('round_key', 'text', (column) => column.primaryKey())
      .addColumn('cluster', 'text', (column) => column.notNull())
      .addColumn('round', integer, (column) => column.notNull())
      .addColumn('phase', 'text', (column) => column.notNull())
      .addColumn('contributions', integer, (column) => column.notNull())
      .addColumn('decision', bytes)
      .addColumn('finished_at_ms', integer, (column) => column.notNull())
      .addColumn('signal', 'text')
      .execute();
    await db.schema
      .createIndex('finished_round_of_cluster')
      .on('finished_rounds')
      .columns(['cluster', 'round'])
      .execute();

    await db.schema
      .createTable('transcripts')
      .addColumn('round_key', 'text', (column) => column.primaryKey())
      .addColumn('finished_at_ms', integer, (column) => column.notNull())
      .addColumn('body', bytes, (column) => column.notNull())
      .execute();

    await db.schema
      .createTable('operator_nonces')
      .addColumn('operator', 'text', (column) => column.notNull())
      .addColumn('nonce', bytes, (column) => column.notNull())
      .addColumn('expires_at_ms', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('operator_nonces_key', ['operator', 'nonce'])
      .execute();

    await db.schema
      .createTable('snapshots')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('body', bytes, (column) => column.notNull())
      .execute();
  },
};
