/** Tasks that come and go with events of the journal, in the same transaction. */
import { type CompiledQuery, type Kysely, sql } from 'kysely';
import { type Tables } from '../tables';

/**
 * Work that events leave to whichever replica is free:
 *   `sum`      adds up the ciphertexts of one part of a closed round
 *   `publish`  opens a round whose sums and pieces are all there
 *   `finish`   writes record, transcript and signal of a round that is over
 *   `prune`    removes contributions and partial sums of a round that was released
 */
export type TaskKind = 'sum' | 'publish' | 'finish' | 'prune';

export type TaskChange =
  | { readonly change: 'add'; readonly kind: Exclude<TaskKind, 'sum'>; readonly roundKey: string }
  /** One for each part of the round's contributions, in the order of their acceptance. */
  | { readonly change: 'add-sums'; readonly roundKey: string }
  | { readonly change: 'remove'; readonly kinds: readonly TaskKind[]; readonly roundKey: string };

/** Contributions added up by one task: enough to be worth a lease, few enough that several replicas share a round. */
export const CONTRIBUTIONS_PER_PART = 64;

export function taskStatements(db: Kysely<Tables>, task: TaskChange): CompiledQuery[] {
  const { roundKey } = task;
  switch (task.change) {
    case 'remove':
      return [
        db
          .deleteFrom('tasks')
          .where('round_key', '=', roundKey)
          .where('kind', 'in', [...task.kinds])
          .compile(),
      ];
    case 'add':
      // One that is there already is to be done again: what it was leased for may have changed since.
      return [
        db
          .insertInto('tasks')
          .values({ kind: task.kind, round_key: roundKey })
          .onConflict((conflict) =>
            conflict.columns(['kind', 'round_key', 'part']).doUpdateSet({ holder: null, leased_until_ms: 0 }),
          )
          .compile(),
      ];
    case 'add-sums':
      return [
        sql`
          INSERT INTO tasks (kind, round_key, part, first_id, last_id)
          SELECT 'sum', ${roundKey}, part, min(journal_id), max(journal_id)
          FROM (
            SELECT journal_id, (row_number() OVER (ORDER BY journal_id) - 1) / ${sql.lit(CONTRIBUTIONS_PER_PART)} AS part
            FROM contributions WHERE round_key = ${roundKey}
          ) AS numbered
          GROUP BY part
          ON CONFLICT DO NOTHING`.compile(db),
      ];
  }
}
