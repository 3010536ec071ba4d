/** Schema of `router.db`: journal, ledger and what was learned of rounds. Numbers are never reused. */
import { type Migration } from '@secagg/journal/sqlite';

export const routerMigrations: readonly Migration[] = [
  {
    number: 1,
    sql: `
      CREATE TABLE event (id INTEGER PRIMARY KEY, type TEXT NOT NULL, body BLOB NOT NULL);
      CREATE TABLE snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL);

      -- taken_by: the round (cluster/number) that has the observation, NULL while it waits for one.
      CREATE TABLE observation (
        id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, body TEXT NOT NULL, received_at_ms INTEGER NOT NULL, taken_by TEXT
      );
      CREATE INDEX observation_by_round ON observation (taken_by, key);
      CREATE TABLE accepted_batch (idempotency_key TEXT PRIMARY KEY, digest BLOB NOT NULL, accepted INTEGER NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID;
      CREATE INDEX accepted_batch_by_age ON accepted_batch (at_ms);

      -- At most one waits (taken_by NULL) for a round.
      CREATE TABLE local_signal (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL, taken_by TEXT);
      CREATE TABLE aggregate (cluster TEXT PRIMARY KEY, round INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
      -- Rounds that left out an acknowledged contribution without a published reason.
      CREATE TABLE evidence (round_key TEXT PRIMARY KEY, receipt BLOB NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID;
    `,
  },
  {
    number: 2,
    sql: `
      -- Keyed hash of who sent the request, NULL when that was not said.
      ALTER TABLE observation ADD COLUMN requester TEXT;

      -- What the journal's events did to the privacy ledger, for the operator. One row of a kind for a round: a second charge fails.
      CREATE TABLE ledger_entry (
        id INTEGER PRIMARY KEY AUTOINCREMENT, cluster TEXT NOT NULL, round INTEGER NOT NULL, kind TEXT NOT NULL, units INTEGER, at_ms INTEGER NOT NULL,
        UNIQUE (cluster, round, kind)
      );
    `,
  },
  {
    number: 3,
    sql: `
      -- The encoded evidence, which others can check; NULL for rounds before there was such a message.
      ALTER TABLE evidence ADD COLUMN message BLOB;

      -- Decisions that were verified here, for others to see: everything between the authority's key and the votes.
      CREATE TABLE fleet_document (digest BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
      CREATE TABLE decided_round (
        round_key TEXT PRIMARY KEY, policy BLOB NOT NULL, roster BLOB NOT NULL, epoch_certificate BLOB NOT NULL, announcement BLOB NOT NULL, decision BLOB NOT NULL,
        at_ms INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE INDEX decided_round_by_age ON decided_round (at_ms);
    `,
  },
  {
    number: 4,
    sql: `
      -- Encoded evidence of what other parties signed twice.
      CREATE TABLE misbehaviour (
        kind TEXT NOT NULL, party TEXT NOT NULL, public_key BLOB NOT NULL, serial INTEGER NOT NULL, cluster TEXT, round INTEGER, message BLOB NOT NULL, at_ms INTEGER NOT NULL,
        PRIMARY KEY (kind, party, public_key)
      ) WITHOUT ROWID;
    `,
  },
  {
    number: 5,
    sql: `
      -- Present once the bodies of observation and local_signal are sealed under the store key; the key of the digests of batches,
      -- sealed itself, so that another store key is noticed at once.
      CREATE TABLE digest_key (id INTEGER PRIMARY KEY CHECK (id = 1), sealed BLOB NOT NULL);
    `,
  },
  {
    number: 6,
    sql: `
      -- Has its row in backups only (secagg backup): a node that finds it has been brought back, and acts on it before anything else.
      -- assumed_units: what its operator states was spent at most since the backup, in units of 2^-40 rho; NULL for the whole budget.
      CREATE TABLE backup_mark (id INTEGER PRIMARY KEY CHECK (id = 1), made_at_ms INTEGER NOT NULL, assumed_units INTEGER);
    `,
  },
  {
    number: 7,
    sql: `
      -- Which result is the latest: by the time of its round, then by number. of_use: not everything in it is withheld.
      ALTER TABLE aggregate ADD COLUMN round_time_ms INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE aggregate ADD COLUMN of_use INTEGER NOT NULL DEFAULT 1;
    `,
  },
  {
    number: 8,
    sql: `
      -- Rounds that have ended, whose data the observation store has still to release. (What router.db held of observations before is moved
      -- there by import-observations.ts.)
      CREATE TABLE data_release (round_key TEXT PRIMARY KEY, release TEXT NOT NULL) WITHOUT ROWID;
    `,
  },
  {
    number: 9,
    sql: `
      -- The latest verified round of a cluster that no honest fleet can have produced, and why, as JSON: never the usable result.
      CREATE TABLE implausible_round (cluster TEXT PRIMARY KEY, round INTEGER NOT NULL, round_time_ms INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
    `,
  },
  {
    number: 10,
    sql: `
      -- What the round has charged, where its data waits again although it may have been published; NULL otherwise.
      ALTER TABLE data_release ADD COLUMN charged_units INTEGER;
    `,
  },
  {
    number: 11,
    sql: `
      -- Verified rounds that priors are made from. sums: d float64 in the machine's order, where groups were added up; NULL where body has the result.
      CREATE TABLE round_history (
        cluster TEXT NOT NULL, round INTEGER NOT NULL, round_time_ms INTEGER NOT NULL, of_use INTEGER NOT NULL, bytes INTEGER NOT NULL, body TEXT NOT NULL, sums BLOB,
        PRIMARY KEY (cluster, round)
      ) WITHOUT ROWID;
    `,
  },
];
