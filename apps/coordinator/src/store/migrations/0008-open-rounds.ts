import { encodeCanonical } from '@secagg/schema';
import { sql } from 'kysely';
import { type Migration } from '../migrate';
import { CONTRIBUTIONS_APART, JOURNAL_LOCK } from '../postgres/journal-lock';

/**
 * Contributions beside the journal (docs/adr/0030): replicas insert them in parallel, and the close of a round lists
 * them. Replicas of a release that has them in the journal would close a round without those: they are kept out by an
 * entry they do not know.
 */
export const openRounds: Migration = {
  version: 8,
  async up(db, { integer, bytes }) {
    // Before any table: a replica in its turn holds the lock, and then needs the table.
    if (bytes === 'bytea') await sql`SELECT pg_advisory_xact_lock(${sql.lit(JOURNAL_LOCK)})`.execute(db);
    await db.schema
      .createTable('open_rounds')
      .addColumn('round_key', 'text', (column) => column.notNull())
      .addColumn('lane', integer, (column) => column.notNull())
      .addColumn('room', integer, (column) => column.notNull())
      .addColumn('taken', integer, (column) => column.notNull().defaultTo(0))
      .addPrimaryKeyConstraint('open_rounds_key', ['round_key', 'lane'])
      .execute();
    await db.schema.alterTable('contributions').addColumn('header', bytes).execute();
    if (bytes !== 'bytea') return;
    await sql`CREATE SEQUENCE contribution_ids OWNED BY contributions.journal_id`.execute(db);
    await sql`SELECT setval('contribution_ids', 1 + greatest(
      (SELECT coalesce(max(journal_id), 0) FROM contributions), (SELECT coalesce(max(id), 0) FROM journal)), false)`.execute(
      db,
    );
    await sql`ALTER TABLE contributions ALTER COLUMN journal_id SET DEFAULT nextval('contribution_ids')`.execute(db);
    await sql`INSERT INTO journal (id, type, body)
      SELECT max(id) + 1, ${CONTRIBUTIONS_APART}, ${encodeCanonical({ type: CONTRIBUTIONS_APART })}::bytea FROM journal
      HAVING max(id) IS NOT NULL`.execute(db);
  },
};
