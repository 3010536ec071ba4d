/**
 * Schema of `committee.db`: what a member has said, and the secrets of its epochs. They are in one file so that nobody
 * can bring back an older memory of votes beside newer secrets; the file is never part of a backup, and a member
 * without it has lost its seats until a later epoch (docs/protocol.md, "Epochs").
 */
import { type Migration } from '@secagg/journal/sqlite';

export const committeeMigrations: readonly Migration[] = [
  {
    number: 1,
    sql: `
      CREATE TABLE event (id INTEGER PRIMARY KEY, type TEXT NOT NULL, body BLOB NOT NULL);
      CREATE TABLE snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL);
      -- Sealed under the key of SECAGG_STORE_KEY_FILE; the rest of the database holds no secret.
      CREATE TABLE epoch_secret (epoch INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
    `,
  },
];
