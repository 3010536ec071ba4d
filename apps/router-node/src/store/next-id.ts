import { type Database } from '@secagg/journal/sqlite';

/** The id that the next row of an AUTOINCREMENT table gets: above all it ever had, so none is used twice. */
export const nextId = (database: Database, table: string): number =>
  ((database.get('SELECT seq FROM sqlite_sequence WHERE name = ?', table)?.[0] as number | undefined) ?? 0) + 1;
