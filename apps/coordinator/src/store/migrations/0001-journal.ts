import { type Migration } from '../migrate';

export const journal: Migration = {
  version: 1,
  sql: `
    CREATE TABLE journal (
      id INTEGER PRIMARY KEY,
      round_key TEXT,
      type TEXT NOT NULL,
      body BLOB NOT NULL
    );
    CREATE INDEX journal_of_round ON journal (round_key) WHERE round_key IS NOT NULL;

    CREATE TABLE contributions (
      journal_id INTEGER PRIMARY KEY,
      round_key TEXT NOT NULL,
      router TEXT NOT NULL,
      bytes BLOB NOT NULL
    );
    CREATE UNIQUE INDEX contribution_of_router ON contributions (round_key, router);

    CREATE TABLE finished_rounds (
      round_key TEXT PRIMARY KEY,
      cluster TEXT NOT NULL,
      round INTEGER NOT NULL,
      phase TEXT NOT NULL,
      contributions INTEGER NOT NULL,
      decision BLOB,
      finished_at_ms INTEGER NOT NULL,
      signal TEXT
    );
    CREATE INDEX finished_round_of_cluster ON finished_rounds (cluster, round);

    CREATE TABLE transcripts (
      round_key TEXT PRIMARY KEY,
      finished_at_ms INTEGER NOT NULL,
      body BLOB NOT NULL
    );

    CREATE TABLE operator_nonces (
      operator TEXT NOT NULL,
      nonce BLOB NOT NULL,
      expires_at_ms INTEGER NOT NULL,
      PRIMARY KEY (operator, nonce)
    );

    -- 'released': what outlives the entries it follows from, replaying starts on top of it.
    -- 'checked': written to see whether writing works.
    CREATE TABLE snapshots (
      name TEXT PRIMARY KEY,
      body BLOB NOT NULL
    );
  `,
};
