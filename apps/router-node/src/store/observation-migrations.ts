/** Schema of `observations.db`: what the router's software has told the node. Numbers are never reused. */
import { type Migration } from '@secagg/journal/sqlite';

export const observationMigrations: readonly Migration[] = [
  {
    number: 1,
    sql: `
      -- taken_by: the round (cluster/number) that has the observation, NULL while it waits for one.
      -- requester: keyed hash of who sent the request, NULL when that was not said.
      -- ready: 0 for what a requester has waiting under one key beyond its limit for a round: no round can take it yet.
      CREATE TABLE observation (
        id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, body TEXT NOT NULL, requester TEXT, received_at_ms INTEGER NOT NULL,
        taken_by TEXT, ready INTEGER NOT NULL DEFAULT 1
      );
      CREATE INDEX observation_ready ON observation (key, id, requester) WHERE taken_by IS NULL AND ready = 1;
      CREATE INDEX observation_held_back ON observation (key, requester, id) WHERE taken_by IS NULL AND ready = 0;
      CREATE INDEX observation_by_age ON observation (received_at_ms) WHERE taken_by IS NULL;
      CREATE INDEX observation_by_round ON observation (taken_by) WHERE taken_by IS NOT NULL;

      -- How many are ready for each requester and key, where there is a limit.
      CREATE TABLE requester_queue (key TEXT NOT NULL, requester TEXT NOT NULL, ready INTEGER NOT NULL, PRIMARY KEY (key, requester)) WITHOUT ROWID;

      -- Counts, so that nobody has to count: by key what waits, and altogether.
      CREATE TABLE observation_count (key TEXT PRIMARY KEY, waiting INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE observation_total (id INTEGER PRIMARY KEY CHECK (id = 1), waiting INTEGER NOT NULL, taken INTEGER NOT NULL);
      INSERT INTO observation_total VALUES (1, 0, 0);

      CREATE TRIGGER observation_waits AFTER INSERT ON observation WHEN new.taken_by IS NULL BEGIN
        INSERT INTO observation_count VALUES (new.key, 1) ON CONFLICT (key) DO UPDATE SET waiting = waiting + 1;
        UPDATE observation_total SET waiting = waiting + 1;
      END;
      CREATE TRIGGER observation_comes_taken AFTER INSERT ON observation WHEN new.taken_by IS NOT NULL BEGIN
        UPDATE observation_total SET taken = taken + 1;
      END;
      CREATE TRIGGER observation_is_taken AFTER UPDATE OF taken_by ON observation WHEN old.taken_by IS NULL AND new.taken_by IS NOT NULL BEGIN
        UPDATE observation_count SET waiting = waiting - 1 WHERE key = old.key;
        DELETE FROM observation_count WHERE key = old.key AND waiting = 0;
        UPDATE observation_total SET waiting = waiting - 1, taken = taken + 1;
      END;
      CREATE TRIGGER observation_is_given_back AFTER UPDATE OF taken_by ON observation WHEN old.taken_by IS NOT NULL AND new.taken_by IS NULL BEGIN
        INSERT INTO observation_count VALUES (new.key, 1) ON CONFLICT (key) DO UPDATE SET waiting = waiting + 1;
        UPDATE observation_total SET waiting = waiting + 1, taken = taken - 1;
      END;
      CREATE TRIGGER observation_is_dropped AFTER DELETE ON observation WHEN old.taken_by IS NULL BEGIN
        UPDATE observation_count SET waiting = waiting - 1 WHERE key = old.key;
        DELETE FROM observation_count WHERE key = old.key AND waiting = 0;
        UPDATE observation_total SET waiting = waiting - 1;
      END;
      CREATE TRIGGER observation_is_published AFTER DELETE ON observation WHEN old.taken_by IS NOT NULL BEGIN
        UPDATE observation_total SET taken = taken - 1;
      END;

      CREATE TABLE accepted_batch (
        idempotency_key TEXT PRIMARY KEY, digest BLOB NOT NULL, accepted INTEGER NOT NULL, skipped INTEGER NOT NULL DEFAULT 0, at_ms INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE INDEX accepted_batch_by_age ON accepted_batch (at_ms);

      -- A ready-made signal; at most one waits (taken_by NULL) for a round.
      CREATE TABLE local_signal (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL, taken_by TEXT);

      -- Rounds that have data of this router, and how many observations.
      CREATE TABLE claim (round_key TEXT PRIMARY KEY, observations INTEGER NOT NULL) WITHOUT ROWID;

      -- The keys of the last round that was prepared for; none before the first.
      CREATE TABLE catalogue (key TEXT PRIMARY KEY) WITHOUT ROWID;

      -- Present once the bodies are sealed under the store key; the key of the digests of batches, sealed itself, so that another store key
      -- is noticed at once.
      CREATE TABLE digest_key (id INTEGER PRIMARY KEY CHECK (id = 1), sealed BLOB NOT NULL);

      -- requests_per_requester: the limit that the column ready follows, NULL for none.
      -- imported: 1 once the observations that router.db held before are here.
      CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), requests_per_requester INTEGER, imported INTEGER NOT NULL);
      INSERT INTO state VALUES (1, NULL, 0);
    `,
  },
  {
    number: 2,
    sql: `
      -- Requests that were reported under a name, by its keyed hash: so that each counts once, and a score that comes later finds its observation.
      CREATE TABLE reported_request (request TEXT PRIMARY KEY, observation INTEGER NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID;
      CREATE INDEX reported_request_by_age ON reported_request (at_ms);
      CREATE INDEX reported_request_by_observation ON reported_request (observation);

      -- Scores that have come before their request.
      CREATE TABLE waiting_score (id INTEGER PRIMARY KEY AUTOINCREMENT, request TEXT NOT NULL UNIQUE, body TEXT NOT NULL, at_ms INTEGER NOT NULL);
      CREATE INDEX waiting_score_by_age ON waiting_score (at_ms);

      -- Rules (JSON) that the keys of waiting observations were last renamed by; NULL for none.
      ALTER TABLE state ADD COLUMN aliases TEXT;
    `,
  },
  {
    number: 3,
    sql: `
      -- What rounds have charged for the request that may have published it and gave it back all the same, in units of 2^-40 rho. It enters another
      -- round only with what is left of the limit of a request (docs/protocol.md, Privacy cost and ledger), and is out of the way of the others.
      ALTER TABLE observation ADD COLUMN charged_units INTEGER NOT NULL DEFAULT 0;
      DROP INDEX observation_ready;
      CREATE INDEX observation_ready ON observation (key, id, requester) WHERE taken_by IS NULL AND ready = 1 AND charged_units = 0;
      CREATE INDEX observation_charged ON observation (key, charged_units, id, requester) WHERE taken_by IS NULL AND charged_units > 0;
    `,
  },
  {
    number: 4,
    sql: `
      -- For priors (docs/priors.md): sums over the router's own requests by key and span of time (its beginning), and what of them is in the sums of a round.
      CREATE TABLE own_requests (
        id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, span_ms INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (key, span_ms)
      );
      CREATE INDEX own_requests_by_age ON own_requests (span_ms);
      CREATE TABLE own_part (id INTEGER PRIMARY KEY AUTOINCREMENT, round_key TEXT NOT NULL UNIQUE, body TEXT NOT NULL, at_ms INTEGER NOT NULL);
    `,
  },
];
